package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushDatabase.LockedKeys;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.schema.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes batches in one transaction: their Idempotency-Keys, then their rows, table by table. Used
 * by one thread.
 */
public final class FlushTransaction {
  private final FlushDatabase database;

  public FlushTransaction(FlushDatabase database) {
    this.database = database;
  }

  /**
   * Commits all rows of the batches, or none.
   *
   * @param byInsert instead of COPY
   * @return the outcomes of those batches whose key was committed by an earlier transaction, or is
   *     only looked up; all others are stored
   * @throws FlushException if nothing is committed, or, with a {@link FlushException#lostCommit},
   *     if that is not known
   */
  public Map<Batch, Outcome> run(List<Batch> batches, TimeLimits limits, boolean byInsert)
      throws FlushException {
    try (FlushDatabase.Transaction transaction = database.begin(limits)) {
      Map<Batch, Outcome> known = Map.of();
      try {
        known = transaction.claimKeys(batches);
        write(transaction, without(batches, known), byInsert);
        transaction.commit();
        return known;
      } catch (FlushException e) {
        FlushException failure = e.after(transaction.sessionAfterFailure(), known);
        throw isUnconfirmed(failure) ? failure.withLostCommit(transaction.id()) : failure;
      }
    }
  }

  /** Finds out which of the batches' keys other transactions have locked. Commits nothing. */
  public LockedKeys findLockedKeys(List<Batch> keyed, TimeLimits limits, long millis)
      throws FlushException {
    try (FlushDatabase.Transaction transaction = database.begin(limits)) {
      return transaction.findLockedKeys(keyed, millis);
    }
  }

  private static void write(
      FlushDatabase.Transaction transaction, List<Batch> batches, boolean byInsert)
      throws FlushException {
    for (Table table : tablesOf(batches)) {
      if (byInsert) {
        transaction.insert(table, batches);
      } else {
        transaction.copy(table, batches);
      }
    }
  }

  /**
   * Whether the transaction may be committed. It is not if the server itself has reported the
   * error. Transient ones without a sign of that may come from a proxy that has lost the server.
   */
  private static boolean isUnconfirmed(FlushException e) {
    return switch (e.stage()) {
      case BEGIN, KEYS, COPY_START, COPY, INSERT -> false;
      case CONSTRAINTS, COMMIT -> e.session() == Session.LOST || !isReportedByServer(e);
    };
  }

  private static boolean isReportedByServer(FlushException e) {
    return CopyError.hasContext(e.sql())
        || CopyError.isRefusal(e.sql())
        || e.kind() != Kind.TRANSIENT;
  }

  /** The batches whose outcome is not known yet. */
  static List<Batch> without(List<Batch> batches, Map<Batch, Outcome> known) {
    return known.isEmpty()
        ? batches
        : batches.stream().filter(batch -> !known.containsKey(batch)).toList();
  }

  /** In the order of their names, the same in every instance, which avoids deadlocks. */
  static List<Table> tablesOf(List<Batch> batches) {
    // After a reload of the schema file there may be two of a name, the old and the new one.
    Set<Table> found = new HashSet<>();
    Table last = null;
    for (Batch batch : batches) {
      for (int run = 0; run < batch.runCount(); run++) {
        Table table = batch.runTable(run);
        if (table != last) {
          found.add(table);
          last = table;
        }
      }
    }
    List<Table> tables = new ArrayList<>(found);
    tables.sort(Comparator.comparing(Table::name));
    return tables;
  }
}
