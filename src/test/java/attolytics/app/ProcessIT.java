package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jar as a user starts it, and README's commands. */
@Timeout(120)
class ProcessIT {
  private static final Pattern ACCEPTING = Pattern.compile("accepting events on \\S+:(\\d+)");
  private static final String EXAMPLE = "schema-example.conf.yaml";

  @TempDir Path directory;

  private final HttpClient client = HttpClient.newHttpClient();

  private Process start(String databaseUrl, Path log, String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", "target/attolytics.jar"));
    command.addAll(List.of(options));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("ATTOLYTICS_"));
    if (!databaseUrl.isEmpty()) {
      builder.environment().put("ATTOLYTICS_DB_URL", databaseUrl);
    }
    return builder.start();
  }

  private static int awaitPort(Process process, Path log) throws Exception {
    while (process.isAlive()) {
      Matcher line = ACCEPTING.matcher(Files.readString(log));
      if (line.find()) {
        return Integer.parseInt(line.group(1));
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    throw new IOException("ended: " + Files.readString(log));
  }

  private HttpResponse<String> post(int port, String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(
                URI.create("http://localhost:" + port + "/apps/com.example.myapp/events"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** The body that README's curl posts. */
  private static String readmeBody() throws IOException {
    Matcher curl =
        Pattern.compile("-d '(\\{.*?})'\\n```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("README.md")));
    assertTrue(curl.find(), "README has no curl");
    return curl.group(1);
  }

  @Test
  void embeddedDatabase_keepsItsRowsOverARestart() throws Exception {
    Path log = directory.resolve("log");
    String[] options = {
      "--schema", EXAMPLE, "--port=0", "--admin_port=0", "--data_dir=" + directory.resolve("data")
    };
    for (int run = 1; run <= 2; run++) {
      Process process = start("", log, options);
      try {
        assertEquals(200, post(awaitPort(process, log), readmeBody()).statusCode());
        List<String> password =
            List.of(Files.readString(directory.resolve("data/pgpass")).trim().split(":"));
        String url =
            "jdbc:postgresql://127.0.0.1:"
                + password.get(1)
                + "/attolytics?user=postgres&password="
                + password.get(4);
        try (Connection connection = java.sql.DriverManager.getConnection(url);
            Statement sql = connection.createStatement();
            ResultSet result = sql.executeQuery("SELECT count(*) FROM events WHERE score = 42")) {
          result.next();
          assertEquals(run, result.getInt(1));
        }
      } finally {
        process.destroy();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      }
      assertEquals(0, process.exitValue(), Files.readString(log));
    }
  }

  @Test
  void sigterm_underLoadAnswersEverythingAndExits0() throws Exception {
    Path log = directory.resolve("log");
    try (TestDatabase database = TestDatabase.create()) {
      Process process =
          start(database.url(), log, "--schema", EXAMPLE, "--port=0", "--admin_port=0");
      int port = awaitPort(process, log);
      AtomicInteger stored = new AtomicInteger();
      AtomicInteger unanswered = new AtomicInteger();
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      String body = readmeBody();
      for (int i = 0; i < 16; i++) {
        clients.add(
            CompletableFuture.runAsync(
                () -> {
                  while (true) {
                    try {
                      if (post(port, body).statusCode() != 200) {
                        return; // told that the service stops
                      }
                      stored.incrementAndGet();
                    } catch (java.net.ConnectException e) {
                      return; // refused: it was never received
                    } catch (Exception e) {
                      unanswered.incrementAndGet();
                      return;
                    }
                  }
                },
                task -> new Thread(task).start()));
      }
      while (stored.get() < 2000) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
      process.destroy();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      for (CompletableFuture<Void> each : clients) {
        each.get();
      }
      assertEquals(0, process.exitValue(), Files.readString(log));
      try (Connection connection = database.connect();
          Statement sql = connection.createStatement();
          ResultSet result = sql.executeQuery("SELECT count(*) FROM events")) {
        result.next();
        // A connection may be closed just as its next request is sent: that one is not stored.
        assertEquals(stored.get(), result.getInt(1), unanswered + " unanswered");
      }
    }
  }

  @Test
  void kill9_losesNothingThatWasAcknowledged() throws Exception {
    Path log = directory.resolve("log");
    try (TestDatabase database = TestDatabase.create()) {
      Process process =
          start(database.url(), log, "--schema", EXAMPLE, "--port=0", "--admin_port=0");
      int port = awaitPort(process, log);
      int stored = 0;
      for (; stored < 50; stored++) {
        assertEquals(200, post(port, readmeBody()).statusCode());
      }
      process.destroyForcibly().waitFor();
      try (Connection connection = database.connect();
          Statement sql = connection.createStatement();
          ResultSet result = sql.executeQuery("SELECT count(*) FROM events")) {
        result.next();
        assertEquals(stored, result.getInt(1));
      }
    }
  }

  private void assertExit(int code, String expected, String databaseUrl, String... options)
      throws Exception {
    Path log = directory.resolve("log");
    Process process = start(databaseUrl, log, options);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    String output = Files.readString(log);
    assertEquals(code, process.exitValue(), output);
    assertTrue(output.lines().anyMatch(line -> line.startsWith("error: ")), output);
    assertTrue(output.contains(expected), output);
    assertTrue(output.lines().noneMatch(line -> line.startsWith("\tat ")), output);
    assertTrue(!output.contains("s3cr3t"), output);
  }

  @Test
  void wrongCommandLine_exits2() throws Exception {
    assertExit(2, "--prt", "", "--prt=1");
  }

  @Test
  void missingSchemaFile_exits1() throws Exception {
    assertExit(1, "nowhere.yaml", "", "--schema=nowhere.yaml");
  }

  @Test
  void unreachableDatabase_exits1AfterTheAckTimeout() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    assertExit(
        1,
        "no connection to the database",
        "postgres://me:s3cr3t@127.0.0.1:" + free + "/x",
        "--schema=" + EXAMPLE,
        "--admin_port=0",
        "--ack_timeout=1s");
  }

  @Test
  void portInUse_exits1() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      assertExit(
          1,
          "--admin_port",
          "",
          "--schema=" + EXAMPLE,
          "--admin_host=0.0.0.0",
          "--admin_port=" + taken.getLocalPort());
    }
  }

  private String help() throws Exception {
    Path log = directory.resolve("log");
    Process process = start("", log, "--help");
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return Files.readString(log);
  }

  @Test
  void docs_nameEveryOption() throws Exception {
    String docs = Files.readString(Path.of("docs", "options.md"));
    List<String> options =
        Pattern.compile("--[a-z_]+")
            .matcher(help())
            .results()
            .map(r -> r.group())
            .distinct()
            .toList();
    assertTrue(options.size() > 15, options::toString);
    assertEquals(List.of(), options.stream().filter(o -> !docs.contains("`" + o)).toList());
  }

  @Test
  void docs_haveTheDefaultsOfTheOptions() throws Exception {
    String help = help().replaceAll("\\s+", " ");
    Map<String, String> documented = new TreeMap<>();
    Map<String, String> real = new TreeMap<>();
    Pattern.compile("(?m)^\\| .*`(--[a-z_]+)[^`|]*` \\| `([^`]+)` \\|")
        .matcher(Files.readString(Path.of("docs", "options.md")))
        .results()
        .forEach(row -> documented.put(row.group(1), row.group(2)));
    for (String option : documented.keySet()) {
      Matcher text = Pattern.compile(option + "=.*?\\(default: ([^)]+)\\)").matcher(help);
      assertTrue(text.find(), option);
      real.put(option, text.group(1));
    }
    assertTrue(documented.size() > 15, documented::toString);
    assertEquals(real, documented);
  }
}
