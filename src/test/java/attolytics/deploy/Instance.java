package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The service from its jar in a JVM of its own, on ports that stay the same over restarts. */
@SuppressWarnings("try") // the caller wants to know that it was interrupted
final class Instance implements AutoCloseable {
  private final HttpClient client = HttpClient.newHttpClient();
  private final int port = Program.freePort();
  private final int adminPort = Program.freePort();
  private final String databaseUrl;
  private final Path log;
  private final List<String> command = new ArrayList<>();
  private @Nullable Program program;

  /**
   * @param log where its output goes, that of all its runs
   * @param options as on the command line
   */
  Instance(String databaseUrl, Path schema, Path log, String... options) throws IOException {
    this.databaseUrl = databaseUrl;
    this.log = log;
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-jar", "target/attolytics.jar"));
    command.addAll(List.of("--schema=" + schema, "--port=" + port, "--admin_port=" + adminPort));
    command.addAll(List.of(options));
  }

  int port() {
    return port;
  }

  int adminPort() {
    return adminPort;
  }

  /** Starts it, and waits until it is ready. */
  Instance start() throws Exception {
    Program started =
        Program.start(log, Map.of("ATTOLYTICS_DB_URL", databaseUrl), List.copyOf(command));
    program = started;
    Eventually.await("an instance is ready", () -> !started.isAlive() || isReady());
    assertTrue(started.isAlive(), started::output);
    return this;
  }

  private boolean isReady() throws Exception {
    try {
      return admin("/readyz").statusCode() == 200;
    } catch (ConnectException e) {
      return false;
    }
  }

  /** Stops it as an operator does. */
  void stop() throws InterruptedException {
    assertEquals(0, program().terminate(), program().output());
  }

  Program program() {
    if (program == null) {
      throw new IllegalStateException("not started");
    }
    return program;
  }

  HttpResponse<String> admin(String path) throws IOException, InterruptedException {
    URI uri = URI.create("http://localhost:" + adminPort + path);
    return client.send(
        HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(20)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** The sum of a metric over the labels that are not given. */
  double metric(String prefix) throws IOException, InterruptedException {
    return admin("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(prefix))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  @Override
  public void close() throws InterruptedException {
    if (program != null) {
      program.close();
    }
  }
}
