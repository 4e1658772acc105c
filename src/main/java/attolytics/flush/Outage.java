package attolytics.flush;

import attolytics.buffer.NanoClock;
import attolytics.flush.transaction.CopyError;
import attolytics.flush.transaction.FlushException;
import attolytics.logging.LogMarkers;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time between a failure of the database itself and its next COMMIT: each retry is preceded by
 * a longer pause. Used by one thread, but for {@link #abandon}.
 */
final class Outage {
  private static final Logger log = LoggerFactory.getLogger(Outage.class);
  private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long MAX_PAUSE = TimeUnit.SECONDS.toNanos(1);

  private final NanoClock clock;
  private long nextPause = FIRST_PAUSE;
  private int lostConnections;
  private volatile boolean abandoned;
  private volatile @Nullable Thread pausing;

  Outage(NanoClock clock) {
    this.clock = clock;
  }

  /** A connection was lost in the middle of a transaction. */
  void connectionLost() {
    lostConnections++;
  }

  /** Connections lost since the last COMMIT. */
  int lostConnections() {
    return lostConnections;
  }

  /** Pauses, since the database does not accept rows from anybody. */
  void pause(FlushException cause) {
    if (nextPause == FIRST_PAUSE) {
      log.atWarn()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("Database writes failing, retrying: {}", CopyError.forTheLog(cause));
    }
    park(nextPause);
    nextPause = Math.min(2 * nextPause, MAX_PAUSE);
  }

  /**
   * Pauses before a transaction with fewer requests, since one of them may end each session that
   * writes it. As short as the first pause, however long the last one was: the database is back.
   */
  void pauseBriefly() {
    park(FIRST_PAUSE);
  }

  private void park(long nanos) {
    pausing = Thread.currentThread();
    if (!abandoned) {
      clock.parkNanos(nanos);
    }
    pausing = null;
  }

  /** A transaction was committed. */
  void end() {
    lostConnections = 0;
    if (nextPause != FIRST_PAUSE) {
      nextPause = FIRST_PAUSE;
      log.atInfo().addMarker(LogMarkers.STATE_CHANGE).log("Database writes resumed");
    }
  }

  /** Ends the current pause, and all later ones. Any thread. */
  void abandon() {
    abandoned = true;
    clock.unpark(pausing);
  }
}
