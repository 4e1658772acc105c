package attolytics.flush;

import attolytics.buffer.NanoClock;
import attolytics.flush.transaction.CopyError;
import attolytics.flush.transaction.FlushException;
import attolytics.logging.LogMarkers;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs an outage of the database once, however many writers meet it: when the first of them fails,
 * and when a COMMIT succeeds and none of them is failing any more. Thread-safe.
 */
final class OutageLog {
  private static final Logger log = LoggerFactory.getLogger(OutageLog.class);

  private static final int UNAVAILABLE = 503;
  private static final int UNKNOWN = 504;

  private final NanoClock clock;
  private final IntToLongFunction answered;
  private final Set<Backoff> failing = new HashSet<>();
  private volatile boolean open;
  private long startNanos;
  private long unavailableBefore;
  private long unknownBefore;

  /**
   * @param answered how many requests have been answered with a status, 503 or 504, in total
   *     because the database did not store them
   */
  OutageLog(NanoClock clock, IntToLongFunction answered) {
    this.clock = clock;
    this.answered = answered;
  }

  /** A writer has failed, and retries. */
  void failing(Backoff writer, FlushException cause) {
    failing(writer, cause, clock.nanoTime());
  }

  // The clock is read without the lock: a simulated thread may lose its turn there.
  private synchronized void failing(Backoff writer, FlushException cause, long now) {
    failing.add(writer);
    if (!open) {
      open = true;
      startNanos = now;
      unavailableBefore = answered.applyAsLong(UNAVAILABLE);
      unknownBefore = answered.applyAsLong(UNKNOWN);
      log.atWarn()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("Database writes failing, retrying: {}", CopyError.forTheLog(cause));
    }
  }

  /**
   * A writer that had failed has nothing left to retry: that does not show that the outage ended.
   */
  synchronized void nothingLeft(Backoff writer) {
    failing.remove(writer);
  }

  /** A writer has committed a transaction. */
  void committed(Backoff writer) {
    if (open) {
      end(writer, clock.nanoTime());
    }
  }

  private synchronized void end(Backoff writer, long now) {
    failing.remove(writer);
    if (open && failing.isEmpty()) {
      open = false;
      double seconds = (now - startNanos) / 1e9;
      log.atInfo()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log(
              "Database writes resumed after {} s; requests answered meanwhile: {} x 503, {} x 504",
              String.format(Locale.ROOT, "%.1f", seconds),
              answered.applyAsLong(UNAVAILABLE) - unavailableBefore,
              answered.applyAsLong(UNKNOWN) - unknownBefore);
    }
  }
}
