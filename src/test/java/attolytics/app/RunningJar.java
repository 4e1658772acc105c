package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The jar, running on free ports in a process of its own, with its log in a file. */
final class RunningJar implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Process process;
  private final Path log;
  private final HttpClient client = HttpClient.newHttpClient();

  private RunningJar(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts it, and does not wait for it to be ready.
   *
   * @param log a file that is to be written
   * @param prefix of the command, or nothing
   */
  static RunningJar start(
      Path log, Map<String, String> environment, List<String> prefix, String... options)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", "target/attolytics.jar", "--port=0", "--admin_port=0"));
    command.addAll(List.of(options));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("ATTOLYTICS_"));
    builder.environment().putAll(environment);
    return new RunningJar(builder.start(), log);
  }

  Process process() {
    return process;
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  int port() throws Exception {
    return portFrom("accepting events on ");
  }

  int adminPort() throws Exception {
    return portFrom("admin pages on ");
  }

  private int portFrom(String line) throws Exception {
    Pattern pattern = Pattern.compile(line + "http://\\S+?:(\\d+)");
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Matcher port = pattern.matcher(log());
      if (port.find()) {
        return Integer.parseInt(port.group(1));
      }
      assertTrue(process.isAlive() && System.nanoTime() < deadline, this::logOrNothing);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private String logOrNothing() {
    try {
      return log();
    } catch (IOException e) {
      return "no log";
    }
  }

  HttpResponse<String> admin(String path) throws Exception {
    return client.send(request(adminPort(), path).build(), BodyHandlers.ofString());
  }

  CompletableFuture<HttpResponse<String>> post(String app, String body) throws Exception {
    return client.sendAsync(
        request(port(), "/apps/" + app + "/events")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(int port, String path) {
    return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).timeout(PATIENCE);
  }

  /** Stops it by SIGTERM, and returns its exit code. */
  int stop() throws InterruptedException {
    process.destroy();
    assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), "it does not stop");
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
