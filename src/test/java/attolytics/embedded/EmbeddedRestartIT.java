package attolytics.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.Eventually;
import attolytics.app.JarProcess;
import attolytics.settings.DatabaseUrl;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The jar, whose embedded PostgreSQL dies while it runs. */
@Timeout(180)
@DisabledOnOs(OS.WINDOWS)
class EmbeddedRestartIT {
  private static final Pattern TERMINATED =
      Pattern.compile("ERROR.*PostgreSQL in .* has terminated");
  private static final Pattern RUNNING_AGAIN = Pattern.compile("PostgreSQL in .* is running again");
  private static final Pattern STOPPING = Pattern.compile("INFO .*: stopping");
  private static final int CLIENTS = 8;

  @TempDir Path directory;
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void killWhatAFailureLeftRunning() throws Exception {
    servers().forEach(ProcessHandle::destroyForcibly);
  }

  @Test
  void serverKilledWhileIdle_isStartedAgain_andTheLogSaysSo() throws Exception {
    try (JarProcess jar = start(List.of())) {
      assertEquals(200, jar.post());
      kill(server());
      jar.await(TERMINATED);
      jar.await(RUNNING_AGAIN);
      Eventually.await(() -> jar.admin("/readyz").equals("200 ready\n"));
      assertEquals(200, jar.post());
      assertEquals("2", query("SELECT count(*) FROM events"));
      assertEquals(0, jar.stop(), jar.err());
      assertEquals(List.of(), servers());
    }
  }

  @Test
  void serverKilledUnderLoad_losesNothingAcknowledged_andDoublesNoKey() throws Exception {
    try (JarProcess jar = start(List.of())) {
      jar.port();
      AtomicInteger acknowledged = new AtomicInteger();
      AtomicInteger stop = new AtomicInteger();
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        String name = "client" + i;
        clients.add(CompletableFuture.runAsync(() -> postUntil(stop, jar, name, acknowledged)));
      }
      for (int kills = 1; kills <= 3; kills++) {
        int more = acknowledged.get() + 100;
        Eventually.await(() -> acknowledged.get() >= more);
        kill(server());
      }
      int more = acknowledged.get() + 100;
      Eventually.await(() -> acknowledged.get() >= more);
      stop.set(1);
      for (CompletableFuture<Void> each : clients) {
        each.get(60, TimeUnit.SECONDS);
      }
      String expected = Integer.toString(acknowledged.get());
      assertEquals(expected, query("SELECT count(*) FROM events"));
      assertEquals(expected, query("SELECT count(DISTINCT user_id) FROM events"));
      assertEquals(0, jar.stop(), jar.err());
    }
  }

  /** Sends one event after another, each under a key of its own, until it is acknowledged. */
  private void postUntil(
      AtomicInteger stop, JarProcess jar, String name, AtomicInteger acknowledged) {
    try {
      for (int n = 0; stop.get() == 0; n++) {
        String key = name + "-" + n;
        int status = post(jar, key);
        while (status != 200) {
          assertTrue(status == 503 || status == 504, () -> key + " is refused");
          TimeUnit.MILLISECONDS.sleep(20);
          status = post(jar, key);
        }
        acknowledged.incrementAndGet();
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private int post(JarProcess jar, String key) throws Exception {
    String body =
        """
        {"secret_key": "example-secret-key", "events": [
          {"_t": "events", "platform": "p", "version": "1", "event_type": "e", "user_id": "%s"}]}
        """
            .formatted(key);
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://localhost:" + jar.port() + "/apps/com.example.myapp/events"))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
            .POST(BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
    return answer.statusCode();
  }

  @Test
  void stop_isHeededWhileTheStartRecovers() throws Exception {
    try (JarProcess jar = start(List.of())) {
      assertEquals(200, jar.post());
      assertEquals(0, jar.stop());
    }
    recoverForEver();
    try (JarProcess jar = start(List.of())) {
      awaitRecovery();
      assertNotReady("starting: waiting for the embedded PostgreSQL", jar);
      assertEquals(0, jar.stop(), jar.err());
      assertEquals(List.of(), servers());
    }
  }

  @Test
  void stop_isHeededWhileARestartRecovers() throws Exception {
    try (JarProcess jar = start(List.of())) {
      assertEquals(200, jar.post());
      recoverForEver();
      kill(server());
      awaitRecovery();
      assertNotReady("the embedded PostgreSQL has terminated and is being restarted", jar);
      assertEquals(0, jar.stop(), jar.err());
      assertEquals(List.of(), servers());
    }
  }

  @Test
  void serverThatIsStoppedWithTheService_isNotStartedAgain_andNoError() throws Exception {
    try (JarProcess jar = start(List.of())) {
      assertEquals(200, jar.post());
      ProcessHandle server = server();
      jar.terminate();
      jar.await(STOPPING);
      kill(server);
      assertEquals(0, jar.exitCode(), jar.err());
      assertFalse(jar.err().contains("ERROR"), jar.err());
      assertFalse(jar.err().contains("being restarted"), jar.err());
      assertEquals(List.of(), servers());
    }
  }

  @Test
  void serverThatIsStoppedWithTheService_isStartedAgain_ifRowsWait() throws Exception {
    try (JarProcess jar = start(List.of())) {
      assertEquals(200, jar.post());
      CompletableFuture<Integer> accepted;
      try (Connection blocker = connect();
          Statement lock = blocker.createStatement()) {
        blocker.setAutoCommit(false);
        lock.execute("LOCK TABLE events");
        accepted = CompletableFuture.supplyAsync(() -> postOnce(jar));
        Eventually.await(() -> jar.admin("/metrics").contains("attolytics_ring_used_rows 1.0"));
        jar.terminate();
        jar.await(STOPPING);
        kill(server());
      }
      assertEquals(200, accepted.get());
      assertEquals(0, jar.exitCode(), jar.err());
      assertFalse(jar.err().contains("ERROR"), jar.err());
    }
  }

  private int postOnce(JarProcess jar) {
    try {
      return post(jar, "once");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void assertNotReady(String reason, JarProcess jar) throws Exception {
    String answer = jar.admin("/readyz");
    assertTrue(answer.startsWith("503 not ready: " + reason + ", since "), answer);
  }

  /** In a container the service is the first process, to which the dead are left. */
  @Test
  void serverThatNobodyReaps_isStartedAgain() throws Exception {
    List<String> container = List.of("unshare", "--pid", "--fork", "--mount-proc", "--kill-child");
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root, for a namespace");
    try (JarProcess jar = start(container)) {
      assertEquals(200, jar.post());
      kill(server());
      jar.await(RUNNING_AGAIN);
      assertEquals(200, jar.post());
    }
  }

  private JarProcess start(List<String> prefix) throws Exception {
    return JarProcess.start(
        prefix,
        JarProcess.JAR,
        Map.of(),
        "--schema=schema-example.conf.yaml",
        "--port=0",
        "--admin_port=0",
        "--data_dir=" + directory.resolve("data"));
  }

  private Path data() {
    return directory.resolve("data/postgresql");
  }

  /** The next start waits for WAL that does not come. */
  private void recoverForEver() throws Exception {
    Files.createFile(data().resolve("recovery.signal"));
    Files.writeString(
        data().resolve("postgresql.auto.conf"),
        "restore_command = 'touch \"" + directory.resolve("recovers") + "\"; sleep 600'\n");
  }

  private void awaitRecovery() throws Exception {
    Eventually.await(() -> Files.exists(directory.resolve("recovers")));
  }

  /**
   * Those on the data, with the ids that they have in their own namespace; no child of one is
   * listed.
   */
  private List<ProcessHandle> servers() {
    return ProcessHandle.allProcesses()
        .filter(this::isOnData)
        .filter(process -> process.parent().filter(this::isOnData).isEmpty())
        .toList();
  }

  private boolean isOnData(ProcessHandle process) {
    return process
        .info()
        .arguments()
        .filter(arguments -> List.of(arguments).contains(data().toString()))
        .isPresent();
  }

  private ProcessHandle server() {
    List<ProcessHandle> servers = servers();
    assertEquals(1, servers.size(), servers::toString);
    return servers.get(0);
  }

  private static void kill(ProcessHandle process) throws Exception {
    process.destroyForcibly();
    Eventually.await(() -> !PidFile.runs(process));
  }

  private Connection connect() throws Exception {
    DatabaseUrl url = EmbeddedDatabase.runningIn(directory.resolve("data"));
    assertTrue(url != null, "runs");
    return DriverManager.getConnection(url.jdbcUrl(), url.properties());
  }

  private String query(String sql) throws Exception {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      assertTrue(result.next());
      return result.getString(1);
    }
  }
}
