package attolytics.flush;

import attolytics.buffer.NanoClock;
import attolytics.flush.transaction.CopyError;
import attolytics.flush.transaction.FlushException;
import attolytics.logging.LogMarkers;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs an outage of the database once, however many writers meet it: when the first of them fails,
 * and when a COMMIT succeeds and none of them is failing any more. Thread-safe.
 */
final class OutageLog {
  private static final Logger log = LoggerFactory.getLogger(OutageLog.class);

  private final NanoClock clock;
  private final LongSupplier refused;
  private final Set<Backoff> failing = new HashSet<>();
  private volatile boolean open;
  private long startNanos;
  private long refusedBefore;

  /**
   * @param refused how many requests have been refused in total because the database did not store
   *     them
   */
  OutageLog(NanoClock clock, LongSupplier refused) {
    this.clock = clock;
    this.refused = refused;
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
      refusedBefore = refused.getAsLong();
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
              "Database writes resumed after {} s; requests refused meanwhile: {}",
              String.format(Locale.ROOT, "%.1f", seconds),
              refused.getAsLong() - refusedBefore);
    }
  }
}
