package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.Eventually;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program that a test runs: with its output in a file, and ended with the test. */
@SuppressWarnings("try") // the caller wants to know that it was interrupted
final class Program implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 120;

  private final Process process;
  private final Path log;

  /** What a program came to that ran to its end. */
  record Ended(int exitCode, String output) {}

  private Program(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Where the program is; the test is skipped if it is not installed. */
  static String installed(String name) {
    Optional<Path> found =
        Stream.concat(
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1)),
                Stream.of("target/lint/bin", "/usr/sbin"))
            .map(directory -> Path.of(directory, name))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(found.isPresent(), name + " is not installed: .ci/run says from where it comes");
    return found.orElseThrow().toAbsolutePath().toString();
  }

  static Program start(Path log, Map<String, String> environment, List<String> command)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(log.toFile()));
    builder.environment().keySet().removeIf(name -> name.startsWith("ATTOLYTICS_"));
    builder.environment().putAll(environment);
    return new Program(builder.start(), log);
  }

  static Ended run(List<String> command) throws IOException, InterruptedException {
    Path log = Files.createTempFile("output", "");
    try (Program program = start(log, Map.of(), command)) {
      assertTrue(program.process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), command::toString);
      return new Ended(program.process.exitValue(), program.output());
    } finally {
      Files.delete(log);
    }
  }

  /** Runs a program that has to succeed, and returns what it said. */
  static String succeed(String... command) throws IOException, InterruptedException {
    Ended ended = run(List.of(command));
    assertEquals(0, ended.exitCode, ended.output);
    return ended.output;
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Waits until it has written this, or ended. */
  void awaitOutput(String text) throws Exception {
    Eventually.await(text + " is said", () -> output().contains(text) || !isAlive());
    assertTrue(output().contains(text), this::output);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Sends a signal, such as STOP. */
  void signal(String name) throws IOException, InterruptedException {
    succeed("kill", "-" + name, Long.toString(process.pid()));
  }

  /** Ends it by SIGTERM, and returns its exit code. */
  int terminate() throws InterruptedException {
    process.destroy();
    assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it does not stop");
    return process.exitValue();
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }
}
