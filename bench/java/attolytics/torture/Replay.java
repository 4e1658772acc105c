package attolytics.torture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A process of {@code attolytics replay}, by the corrected schema file. Used by one thread. */
final class Replay implements AutoCloseable {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final Process process;
  private final Path log;
  private final long from = System.nanoTime();

  private Replay(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts one.
   *
   * @param port of the server, or of what stands before it
   */
  static Replay start(Scene scene, int port) throws IOException {
    Path log = scene.settings().out().resolve("replay-" + NUMBER.incrementAndGet() + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-jar",
                "target/attolytics.jar",
                "replay",
                "--schema=" + scene.correctedSchema())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("ATTOLYTICS_"));
    builder.environment().put("ATTOLYTICS_DB_URL", scene.database().url(port));
    return new Replay(builder.start(), log);
  }

  /** When it was started, by {@link System#nanoTime()}. */
  long from() {
    return from;
  }

  /** Waits until it is about to read the first events, or has ended. */
  void awaitFirst(Duration patience) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (process.isAlive()
        && !log().contains("events selected: ")
        && System.nanoTime() < deadline) {
      Thread.sleep(10);
    }
  }

  /** Waits until the trap is sprung; false if the replay ends before, or the time is over. */
  boolean awaitWhileRunning(Trap trap, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    boolean sprung = false;
    while (!sprung && process.isAlive() && System.nanoTime() - deadline < 0) {
      sprung = trap.awaitSprung(10);
    }
    return sprung || trap.awaitSprung(0);
  }

  /** The exit code, or nothing if it still runs after that time. */
  OptionalInt awaitExit(Duration patience) throws InterruptedException {
    return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)
        ? OptionalInt.of(process.exitValue())
        : OptionalInt.empty();
  }

  /** All that it has said. */
  String log() throws IOException {
    return Files.readString(log);
  }

  /** SIGKILL. */
  @Override
  public void close() {
    process.destroyForcibly();
  }

  @Override
  public String toString() {
    return String.valueOf(log.getFileName());
  }
}
