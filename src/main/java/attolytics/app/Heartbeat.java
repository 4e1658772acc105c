package attolytics.app;

import attolytics.flush.Writer;
import attolytics.metrics.History;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd that the writers make progress, for as long as they do, and in a line how the
 * service is. A writer that only waits for the database makes progress: it keeps trying.
 */
final class Heartbeat implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);
  private static final Duration STATUS_PERIOD = Duration.ofSeconds(5);

  private final Systemd systemd;
  private final Readiness readiness;
  private final History history;
  private final List<Writer> writers;
  private final Duration longestSilence;

  /**
   * @param longestSilence that a writer may have reason for
   */
  Heartbeat(
      Systemd systemd,
      Readiness readiness,
      History history,
      List<Writer> writers,
      Duration longestSilence) {
    this.systemd = systemd;
    this.readiness = readiness;
    this.history = history;
    this.writers = writers;
    this.longestSilence = longestSilence;
  }

  /** How much time may be between two runs. */
  Duration period() {
    Duration timeout = systemd.watchdogTimeout();
    Duration third = timeout == null ? STATUS_PERIOD : timeout.dividedBy(3);
    return third.compareTo(STATUS_PERIOD) < 0 ? third : STATUS_PERIOD;
  }

  @Override
  public void run() {
    if (writers.stream().allMatch(this::makesProgress)) {
      systemd.alive();
    } else {
      log.error("A writer makes no progress: systemd is not told that all is well");
    }
    String obstacle = readiness.obstacle();
    systemd.status(
        obstacle == null
            ? String.format(Locale.ROOT, "ready, %.0f rows/s", history.rowsPerSecond())
            : "not ready: " + obstacle);
  }

  private boolean makesProgress(Writer writer) {
    return !writer.failed() && writer.silence().compareTo(longestSilence) < 0;
  }
}
