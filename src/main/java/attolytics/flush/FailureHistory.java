package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.flush.FailurePolicy.Failed;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Table;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Counts failures, and describes each to {@link FailurePolicy}. Used by one thread. */
final class FailureHistory {
  /** To find one request among many takes an attempt for each halving: none that is as slow. */
  private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Suspects suspects;

  /** By kind of round, since its last COMMIT: between two attempts of one kind come others. */
  private final Map<Round.Kind, Integer> lostConnections = new EnumMap<>(Round.Kind.class);

  FailureHistory(Suspects suspects) {
    this.suspects = suspects;
  }

  /**
   * Describes the failure, and counts it unless the status of its COMMIT is queried first.
   *
   * @param nanos that the transaction took
   */
  Failed add(Round round, List<Batch> part, FlushException e, boolean byInsert, long nanos) {
    boolean isUnconfirmed = e.lostCommit() != null;
    boolean isLone = part.size() == 1;
    // Where the session is lost or read-only, it was the database that took the time.
    boolean isSlow =
        e.session() == Session.WRITABLE
            && (e.isTimeout() || (e.failedBatch() == null && nanos >= SLOW_NANOS));
    if (!isUnconfirmed) {
      count(round, e, isSlow);
    }
    return new Failed(
        e.stage(),
        e.kind(),
        isUnconfirmed,
        e.isTimeout(),
        isSlow,
        e.session(),
        isLone,
        !byInsert && e.hidesItsCause(),
        lostConnections.getOrDefault(round.kind(), 0),
        isLone && !isUnconfirmed ? countFailedAlone(round, part, e) : 0,
        round.kind() == Round.Kind.FLUSH ? round.slow() : 0);
  }

  /** A transaction of the round was committed. */
  void committed(Round round) {
    lostConnections.remove(round.kind());
  }

  /** There is nothing left to try again: what is deferred later has another cause. */
  void nothingDeferred() {
    lostConnections.remove(Round.Kind.SEPARATE);
    lostConnections.remove(Round.Kind.RETRY);
  }

  private void count(Round round, FlushException e, boolean isSlow) {
    if (e.session() == Session.LOST && e.stage() != Stage.BEGIN) {
      lostConnections.merge(round.kind(), 1, Integer::sum);
    }
    if (e.isTimeout()) {
      round.countTimeout();
    }
    if (isSlow) {
      round.countSlow();
    }
  }

  private int countFailedAlone(Round round, List<Batch> part, FlushException e) {
    Set<Table> tables = e.failedTables(part);
    boolean isNew =
        round.kind() != Round.Kind.RETRY && e.kind() == Kind.TRANSIENT && !e.isTimeout();
    return isNew ? suspects.countFailedAlone(tables) : suspects.failedAlone(tables);
  }
}
