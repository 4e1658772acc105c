package attolytics.flush;

import attolytics.buffer.NanoClock;
import attolytics.database.Connector;
import attolytics.flush.transaction.CopyError;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The pauses of one writer between a failure of the database itself and its next COMMIT: each is
 * longer than the one before. Used by one thread, but for {@link #abandon}.
 */
final class Backoff {
  private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long MAX_PAUSE = TimeUnit.SECONDS.toNanos(1);

  private static final String BUSY = "the writers were busy with other requests";

  private final NanoClock clock;
  private final OutageLog log;
  private long nextPause = FIRST_PAUSE;
  private String reason = BUSY;
  private boolean retrying;
  private volatile boolean abandoned;
  private volatile @Nullable Thread pausing;

  Backoff(NanoClock clock, OutageLog log) {
    this.clock = clock;
    this.log = log;
  }

  /** Pauses, since the database does not accept rows from anybody. */
  void pause(FlushException cause) {
    log.failing(this, cause);
    retrying = true;
    reason = reason(cause);
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

  /** The database answers again: the next pause is as short as the first one. */
  void answered() {
    nextPause = FIRST_PAUSE;
  }

  /** A transaction was committed. */
  void committed() {
    answered();
    retrying = false;
    reason = BUSY;
    log.committed(this);
  }

  /** Why requests are not written meanwhile, for the operators. */
  String reason() {
    return reason;
  }

  private static String reason(FlushException cause) {
    if (cause.session() == Session.READ_ONLY) {
      return "the database is read-only";
    }
    return cause.stage() == Stage.BEGIN
        ? "no connection to the database: " + Connector.cause(cause.sql())
        : "the database failed: " + CopyError.forTheLog(cause);
  }

  /** No request is left to retry. */
  void nothingLeft() {
    if (retrying) {
      retrying = false;
      log.nothingLeft(this);
    }
  }

  /** Ends the current pause, and all later ones. Any thread. */
  void abandon() {
    abandoned = true;
    clock.unpark(pausing);
  }
}
