package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.flush.transaction.TimeLimits;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Decides how long a transaction may take. While it lasts, all other requests of the writer wait.
 *
 * <p>A request that is alone, with nothing else queued, may have slower statements if no other has
 * arrived for some time: twice as long as that has been, divided by the number of requests that are
 * deferred. So a slow statement delays others by no more than twice the time between two of them,
 * and has all of its ack timeout where there are none.
 */
final class LimitPolicy {
  /** No transaction is aborted before, however late its oldest request is. */
  private static final long MIN_TOTAL = TimeUnit.SECONDS.toNanos(1);

  /** The part of the ack timeout that a statement of a flush may take. */
  private static final int STATEMENTS_PER_ACK_TIMEOUT = 8;

  /**
   * For a statement of a retry, and of a flush after one that was too slow; one of a flush may take
   * at least as long.
   */
  private static final long RETRY_STATEMENT = TimeUnit.SECONDS.toNanos(1);

  /**
   * Short, as many of them may be slow: a separate request that needs longer gets it as a retry.
   */
  private static final long SEPARATE_STATEMENT = TimeUnit.MILLISECONDS.toNanos(125);

  /** For each wait for a lock. */
  private static final int LOCK_MILLIS = 750;

  /**
   * The same for separate requests and retries, for a flush that has had a timeout, and while
   * requests wait for a lock or another attempt: many such waits would add up.
   */
  private static final int BRIEF_LOCK_MILLIS = 10;

  private static final int MAX_DOUBLINGS = 4;

  private final long ackTimeoutNanos;
  private final Arrivals arrivals;

  LimitPolicy(Duration ackTimeout, Arrivals arrivals) {
    this.ackTimeoutNanos = ackTimeout.toNanos();
    this.arrivals = arrivals;
  }

  /**
   * The limits of a transaction.
   *
   * @param deferred the requests that wait meanwhile
   */
  TimeLimits of(Round round, List<Batch> part, Deferred deferred, long now) {
    long total = totalNanos(part, now);
    long statement = statementNanos(round, part);
    if (part.size() == 1 && round.isEmpty() && !deferred.hasSeparate()) {
      long quiet = 2 * arrivals.quietNanos(part.get(0), now) / (1 + deferred.waiting());
      if (deferred.waiting() > 0) { // they are answered in time
        quiet = Math.min(quiet, ackTimeoutNanos - (now - deferred.oldest()));
      }
      if (quiet > statement) {
        statement = quiet;
        total = Math.max(MIN_TOTAL, nanosLeft(part, now) / 8 * 7); // the rest is for a status query
      }
    }
    statement = Math.min(statement, total / 4 * 3);
    boolean isBrief =
        deferred.hasWaits() || round.kind() != Round.Kind.FLUSH || round.timeouts() > 0;
    int lockMillis =
        isBrief ? BRIEF_LOCK_MILLIS << Math.min(round.tries(), MAX_DOUBLINGS) : LOCK_MILLIS;
    long halfMillis = TimeUnit.NANOSECONDS.toMillis(statement) / 2;
    return new TimeLimits((int) Math.min(lockMillis, halfMillis), statement, total);
  }

  /** Half of what the oldest may still wait: the rest is for another attempt. */
  long totalNanos(List<Batch> part, long now) {
    return Math.max(MIN_TOTAL, nanosLeft(part, now) / 2);
  }

  private long statementNanos(Round round, List<Batch> part) {
    long most = Math.max(RETRY_STATEMENT, ackTimeoutNanos / STATEMENTS_PER_ACK_TIMEOUT);
    return switch (round.kind()) {
      case FLUSH -> round.timeouts() > 0 ? RETRY_STATEMENT : most;
      case SEPARATE -> Math.min(most, SEPARATE_STATEMENT * usualParts(part));
      case RETRY -> Math.min(most, RETRY_STATEMENT * usualParts(part));
    };
  }

  /** How many full parts would be as large: a single request may be larger than one. */
  private static long usualParts(List<Batch> part) {
    long rows = 0;
    long bytes = 0;
    for (Batch batch : part) {
      rows += batch.rowCount();
      bytes += batch.byteCount();
    }
    long byRows = (rows + Deferred.MAX_PART_ROWS - 1) / Deferred.MAX_PART_ROWS;
    long byBytes = (bytes + Deferred.MAX_PART_BYTES - 1) / Deferred.MAX_PART_BYTES;
    return Math.max(1, Math.max(byRows, byBytes));
  }

  private long nanosLeft(List<Batch> part, long now) {
    long oldest = now;
    for (Batch batch : part) {
      oldest = Math.min(oldest, batch.acceptedNanos());
    }
    return ackTimeoutNanos - (now - oldest);
  }
}
