package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.schema.Table;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Connections and tables whose rows failed or were too slow a short while ago. Their requests are
 * written separately, so that a client that keeps sending bad rows makes only its own transactions
 * fail. Used by one thread.
 */
final class Suspects {
  private static final long MEMORY = TimeUnit.SECONDS.toNanos(10);

  /** At this many, no more are added until some have been forgotten. */
  private static final int MAX = 10_000;

  private final Map<Object, Long> lastSeen = new HashMap<>();

  /** Requests that failed alone since the table last accepted a row. */
  private final Map<Table, Integer> failedAlone = new HashMap<>();

  private long nextSweep;

  /** A row of this batch failed, or was too slow: suspects its connection. */
  void addSource(Batch batch, long now) {
    if (batch.source() != 0) {
      add(batch.source(), now);
    }
  }

  /**
   * The table accepts no rows, or is slow.
   *
   * @return whether it was not suspect already
   */
  boolean addTable(Table table, long now) {
    return add(table, now);
  }

  private boolean add(Object suspect, long now) {
    return lastSeen.size() < MAX && lastSeen.put(suspect, now) == null;
  }

  /**
   * A request failed alone, and one of the tables is the reason.
   *
   * @return how many have, for one of the tables
   */
  int countFailedAlone(Collection<Table> tables) {
    tables.forEach(table -> failedAlone.merge(table, 1, Integer::sum));
    return failedAlone(tables);
  }

  /** How many requests have failed alone for one of the tables since it last accepted a row. */
  int failedAlone(Collection<Table> tables) {
    int most = 0;
    for (Table table : tables) {
      most = Math.max(most, failedAlone.getOrDefault(table, 0));
    }
    return most;
  }

  /** The table has accepted a row: if it was suspect because requests failed, it no longer is. */
  void acceptedRow(Table table) {
    Integer failed = failedAlone.isEmpty() ? null : failedAlone.remove(table);
    if (failed != null && failed >= FailurePolicy.MAX_FAILED_ALONE) {
      lastSeen.remove(table);
    }
  }

  /** Forgets what is too long ago. */
  void sweep(long now) {
    if (!lastSeen.isEmpty() && now - nextSweep >= 0) {
      nextSweep = now + MEMORY / 10;
      lastSeen.values().removeIf(seen -> now - seen > MEMORY);
    }
  }

  boolean isEmpty() {
    return lastSeen.isEmpty();
  }

  /** Whether the batch is to be written separately. */
  boolean concern(Batch batch) {
    if (lastSeen.containsKey(batch.source())) {
      return true;
    }
    for (int run = 0; run < batch.runCount(); run++) {
      if (lastSeen.containsKey(batch.runTable(run))) {
        return true;
      }
    }
    return false;
  }
}
