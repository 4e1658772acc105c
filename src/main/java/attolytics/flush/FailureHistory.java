package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.flush.FailurePolicy.Failed;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Table;
import java.util.List;
import java.util.Set;

/** Counts failures, and describes each to {@link FailurePolicy}. Used by one thread. */
final class FailureHistory {
  private final Suspects suspects;
  private final Outage outage;

  FailureHistory(Suspects suspects, Outage outage) {
    this.suspects = suspects;
    this.outage = outage;
  }

  /** Describes the failure, and counts it unless the status of its COMMIT is queried first. */
  Failed add(Round round, List<Batch> part, FlushException e, boolean byInsert) {
    boolean isUnconfirmed = e.lostCommit() != null;
    boolean isLone = part.size() == 1;
    if (!isUnconfirmed) {
      count(round, e);
    }
    return new Failed(
        e.stage(),
        e.kind(),
        isUnconfirmed,
        e.isWait(),
        e.session(),
        isLone,
        !byInsert && e.hidesItsCause(),
        outage.lostConnections(),
        isLone && !isUnconfirmed ? failedAlone(round, part, e) : 0,
        round.kind() == Round.Kind.FLUSH ? round.waits() : 0);
  }

  private void count(Round round, FlushException e) {
    if (e.session() == Session.LOST && e.stage() != Stage.BEGIN) {
      outage.connectionLost();
    }
    if (e.isWait()) {
      round.countWait();
    }
  }

  private int failedAlone(Round round, List<Batch> part, FlushException e) {
    Set<Table> tables = e.failedTables(part);
    boolean isNew = round.kind() != Round.Kind.RETRY && e.kind() == Kind.TRANSIENT && !e.isWait();
    return isNew ? suspects.countFailedAlone(tables) : suspects.failedAlone(tables);
  }
}
