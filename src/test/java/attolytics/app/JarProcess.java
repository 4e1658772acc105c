package attolytics.app;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The jar in a process of its own, as a user starts it. Closing kills it if it still runs. */
public final class JarProcess implements AutoCloseable {
  public static final Path JAR = Path.of("target/attolytics.jar");
  private static final Pattern PORT = Pattern.compile("accepting events on \\S+:(\\d+)");
  private static final Pattern ADMIN_PORT = Pattern.compile("admin pages on \\S+:(\\d+)");
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final Process process;
  private final Path out;
  private final Path err;

  private JarProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  public static JarProcess start(Map<String, String> environment, String... args)
      throws IOException {
    return start(List.of(), JAR, environment, args);
  }

  /**
   * Starts the jar.
   *
   * @param prefix what stands before the command
   */
  public static JarProcess start(
      List<String> prefix, Path jar, Map<String, String> environment, String... args)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", jar.toString()));
    command.addAll(List.of(args));
    Path out = Files.createTempFile("attolytics", ".out");
    Path err = Files.createTempFile("attolytics", ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("ATTOLYTICS_"));
    builder.environment().putAll(environment);
    return new JarProcess(builder.start(), out, err);
  }

  long pid() {
    return process.pid();
  }

  public String out() throws IOException {
    return Files.readString(out);
  }

  public String err() throws IOException {
    return Files.readString(err);
  }

  /** The public port, as soon as it is told. */
  public int port() throws Exception {
    return Integer.parseInt(await(PORT).group(1));
  }

  /** The admin port, as soon as it is told. */
  int adminPort() throws Exception {
    return Integer.parseInt(await(ADMIN_PORT).group(1));
  }

  /** Waits until the log holds the pattern. */
  public Matcher await(Pattern pattern) throws Exception {
    while (true) {
      boolean alive = process.isAlive(); // before reading, so that the last lines are not missed
      Matcher matcher = pattern.matcher(err());
      if (matcher.find()) {
        return matcher;
      }
      if (!alive) {
        throw new IOException("ended: " + err());
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  /** Asks an admin page for status and body. */
  public String admin(String path) throws Exception {
    URI uri = URI.create("http://localhost:" + adminPort() + path);
    HttpResponse<String> response =
        CLIENT.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    return response.statusCode() + " " + response.body();
  }

  /** Posts an event that fits the example's table. */
  public int post() throws Exception {
    String body =
        """
        {"secret_key": "example-secret-key", "events": [
          {"_t": "events", "platform": "linux", "version": "1", "event_type": "start"}]}
        """;
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://localhost:" + port() + "/apps/com.example.myapp/events"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    return CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
  }

  /** Ends it as {@code kill -9} does. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Asks it to stop, as {@code kill} does. */
  public int stop() throws InterruptedException {
    process.destroy();
    return exitCode();
  }

  /** The same, without waiting for the end. */
  public void terminate() {
    process.destroy();
  }

  /** Waits for the end. */
  public int exitCode() throws InterruptedException {
    return process.waitFor();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    Files.delete(out);
    Files.delete(err);
  }
}
