package attolytics.bench.process;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service as a user starts it: from its jar, in a JVM of its own. */
@SuppressWarnings("try") // the caller wants to know that it was interrupted
public final class ServiceProcess implements AutoCloseable {
  /** What is built from this source. */
  public static final Path JAR = Path.of("target", "attolytics.jar");

  private static final Pattern ACCEPTING = Pattern.compile("accepting events on \\S+:(\\d+)");
  private static final Pattern ADMIN = Pattern.compile("admin pages on \\S+:(\\d+)");
  private static final long PATIENCE_SECONDS = 180;

  private final Process process;
  private final Path log;
  private int port;
  private int adminPort;

  private ServiceProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Starts a server that says what port it accepts events on, and waits until it does. */
  public static ServiceProcess start(List<String> command, String databaseUrl, Path log)
      throws IOException, InterruptedException {
    return started(launch(command, databaseUrl, log));
  }

  private static ServiceProcess started(ServiceProcess service)
      throws IOException, InterruptedException {
    boolean started = false;
    try {
      service.awaitAccepting();
      started = true;
      return service;
    } finally {
      if (!started) {
        service.kill();
      }
    }
  }

  /**
   * Starts the service and does not wait.
   *
   * @param databaseUrl with a password, so the service gets it by its environment
   * @param jvmOptions what stands before {@code -jar}
   * @param options beside the schema, and the ports, which are free ones
   * @param log where the service writes its log
   */
  public static ServiceProcess launch(
      Path schema, String databaseUrl, List<String> jvmOptions, List<String> options, Path log)
      throws IOException {
    return launch(command(JAR, schema, jvmOptions, options), databaseUrl, log);
  }

  /**
   * The command that starts the service.
   *
   * @param jvmOptions what stands before {@code -jar}
   * @param options beside the schema, and the ports, which are free ones
   */
  public static List<String> command(
      Path jar, Path schema, List<String> jvmOptions, List<String> options) {
    List<String> command = new ArrayList<>();
    command.add(java());
    command.addAll(jvmOptions);
    command.addAll(List.of("-jar", jar.toString()));
    command.addAll(List.of("--schema", schema.toString()));
    command.addAll(List.of("--port", "0", "--admin_port", "0"));
    command.addAll(options);
    return command;
  }

  /** The program that runs this JVM. */
  public static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static ServiceProcess launch(List<String> command, String databaseUrl, Path log)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(log.toFile()));
    builder.environment().keySet().removeIf(name -> name.startsWith("ATTOLYTICS_"));
    builder.environment().put("ATTOLYTICS_DB_URL", databaseUrl);
    return new ServiceProcess(builder.start(), log);
  }

  /**
   * Waits until it accepts requests.
   *
   * @throws IOException if it ended before, or takes too long
   */
  public void awaitAccepting() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (process.isAlive() && System.nanoTime() - deadline < 0) {
      String said = Files.readString(log);
      Matcher accepting = ACCEPTING.matcher(said);
      if (accepting.find()) {
        port = Integer.parseInt(accepting.group(1));
        Matcher admin = ADMIN.matcher(said);
        adminPort = admin.find() ? Integer.parseInt(admin.group(1)) : 0;
        return;
      }
      Thread.sleep(20);
    }
    throw new IOException("the service did not start:\n" + Files.readString(log));
  }

  /** The public port, once it accepts requests. */
  public int port() {
    return port;
  }

  /** The port of the admin pages, once it accepts requests. */
  public int adminPort() {
    return adminPort;
  }

  public long pid() {
    return process.pid();
  }

  public Path log() {
    return log;
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** SIGKILL. */
  public void kill() {
    process.destroyForcibly();
  }

  /** SIGTERM. */
  public void terminate() {
    process.destroy();
  }

  /**
   * Waits for its end.
   *
   * @return the exit code, or nothing if it still runs after that time
   */
  public OptionalInt awaitExit(Duration patience) throws InterruptedException {
    return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)
        ? OptionalInt.of(process.exitValue())
        : OptionalInt.empty();
  }

  /**
   * Stops the service as its user would. A second call does nothing.
   *
   * @throws IOException if it did not stop in order
   */
  @Override
  public void close() throws IOException, InterruptedException {
    terminate();
    OptionalInt exitCode = awaitExit(Duration.ofSeconds(PATIENCE_SECONDS));
    if (exitCode.isEmpty()) {
      kill();
      throw new IOException("the service does not stop");
    }
    if (exitCode.getAsInt() != 0) {
      throw new IOException("the service exited with " + exitCode.getAsInt());
    }
  }
}
