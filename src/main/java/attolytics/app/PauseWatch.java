package attolytics.app;

import attolytics.buffer.NanoClock;
import attolytics.logging.LogMarkers;
import attolytics.metrics.PrometheusMetrics;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentOutages.Trouble;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a periodic check, and notices by its lateness that the whole process did not run: an outage
 * that nobody else sees. Its thread must not wait for anything else.
 */
final class PauseWatch implements Runnable {
  /** Longer than garbage collections of a healthy service. */
  static final Duration THRESHOLD = Duration.ofSeconds(3);

  private static final Logger log = LoggerFactory.getLogger(PauseWatch.class);
  private static final String REASON = "this process did not run";
  private static final String STOPPED =
      "it was stopped, or its machine had no processor time for it";
  private static final String SUSPENDED = "its machine was suspended, or the clock was set";

  private final Duration period;
  private final Runnable check;
  private final NanoClock nanoClock;
  private final InstantSource clock;
  private final PrometheusMetrics metrics;
  private final RecentOutages outages;
  private long lastNanos;
  private Instant last;
  private boolean skipsNext;

  /**
   * @param period between the end of a run and the beginning of the next
   */
  PauseWatch(
      Duration period,
      Runnable check,
      NanoClock nanoClock,
      InstantSource clock,
      PrometheusMetrics metrics,
      RecentOutages outages) {
    this.period = period;
    this.check = check;
    this.nanoClock = nanoClock;
    this.clock = clock;
    this.metrics = metrics;
    this.outages = outages;
    this.lastNanos = nanoClock.nanoTime();
    this.last = clock.instant();
  }

  /** After a pause, two checks are left out: what was waited for meanwhile is not late. */
  @Override
  public void run() {
    try {
      boolean paused = notePause();
      if (!paused && !skipsNext) {
        check.run();
      }
      skipsNext = paused;
    } finally {
      lastNanos = nanoClock.nanoTime();
      last = clock.instant();
    }
  }

  private boolean notePause() {
    Instant now = clock.instant();
    Duration passed = Duration.ofNanos(nanoClock.nanoTime() - lastNanos);
    Duration late = passed.minus(period);
    // The JVM's clock stands still while the machine is suspended.
    Duration jump = Duration.between(last, now).minus(passed);
    if (late.compareTo(THRESHOLD) >= 0) {
      note(late, STOPPED, now);
    } else if (jump.compareTo(THRESHOLD) >= 0) {
      note(jump, SUSPENDED, now);
    } else {
      return false;
    }
    return true;
  }

  private void note(Duration pause, String cause, Instant until) {
    Instant from = until.minus(pause);
    metrics.processPaused(pause);
    outages.addPast(new Trouble("process", REASON, cause), from, until);
    log.atWarn()
        .addMarker(LogMarkers.STATE_CHANGE)
        .log("{} for {} s: {}", REASON, until.getEpochSecond() - from.getEpochSecond(), cause);
  }
}
