package attolytics.bench;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service as a user starts it: from its jar, in a JVM of its own. */
@SuppressWarnings("try") // whoever closes it wants to know that it was interrupted
final class ServiceProcess implements AutoCloseable {
  private static final Path JAR = Path.of("target", "attolytics.jar");
  private static final Pattern ACCEPTING = Pattern.compile("accepting events on \\S+:(\\d+)");
  private static final long PATIENCE_SECONDS = 60;

  private final Process process;
  private final int port;

  private ServiceProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts the service and waits until it accepts requests.
   *
   * @param databaseUrl with a password, so the service gets it by its environment
   * @param jvmOptions what stands before {@code -jar}
   * @param options added to those of the benchmark
   * @param log where the service writes its log
   */
  static ServiceProcess start(
      String databaseUrl, List<String> jvmOptions, List<String> options, Path log)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmOptions);
    command.addAll(List.of("-jar", JAR.toString()));
    command.addAll(List.of("--schema", ExampleEvents.SCHEMA_FILE.toString()));
    command.addAll(List.of("--port", "0", "--admin_port", "0"));
    command.addAll(options);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(log.toFile()));
    builder.environment().keySet().removeIf(name -> name.startsWith("ATTOLYTICS_"));
    builder.environment().put("ATTOLYTICS_DB_URL", databaseUrl);
    Process process = builder.start();
    boolean started = false;
    try {
      int port = awaitPort(process, log);
      started = true;
      return new ServiceProcess(process, port);
    } finally {
      if (!started) {
        process.destroyForcibly();
      }
    }
  }

  /** The public port. */
  int port() {
    return port;
  }

  long pid() {
    return process.pid();
  }

  private static int awaitPort(Process process, Path log) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (process.isAlive() && System.nanoTime() - deadline < 0) {
      Matcher accepting = ACCEPTING.matcher(Files.readString(log));
      if (accepting.find()) {
        return Integer.parseInt(accepting.group(1));
      }
      Thread.sleep(20);
    }
    throw new IOException("the service did not start:\n" + Files.readString(log));
  }

  /**
   * Stops the service as its user would. A second call does nothing.
   *
   * @throws IOException if it did not stop in order
   */
  @Override
  public void close() throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("the service does not stop");
    }
    if (process.exitValue() != 0) {
      throw new IOException("the service exited with " + process.exitValue());
    }
  }
}
