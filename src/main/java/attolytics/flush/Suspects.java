package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.schema.Table;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Whose rows the database would not have a short while ago, for good or for the moment: connections
 * and tables. Their requests are flushed apart from the others, so that who keeps sending bad rows
 * makes nobody else's flush fail.
 */
final class Suspects {
  private static final long MEMORY = TimeUnit.SECONDS.toNanos(10);

  /** Past this many, none is added until some are forgotten. */
  private static final int MAX = 10_000;

  private final Map<Object, Long> lastSeen = new HashMap<>();
  private long nextSweep;

  /** A row that came by this batch's connection was refused, or failed alone. */
  void addSource(Batch batch, long now) {
    if (batch.source() != 0) {
      add(batch.source(), now);
    }
  }

  /**
   * The database did not let anything be written to the table.
   *
   * @return whether it was not suspect already
   */
  boolean addTable(Table table, long now) {
    return add(table, now);
  }

  /** The table has taken a row. */
  void removeTable(Table table) {
    lastSeen.remove(table);
  }

  private boolean add(Object suspect, long now) {
    return lastSeen.size() < MAX && lastSeen.put(suspect, now) == null;
  }

  /** Whether the batch is to be flushed apart. */
  boolean concern(Batch batch, long now) {
    if (lastSeen.isEmpty()) {
      return false;
    }
    sweep(now);
    return lastSeen.containsKey(batch.source()) || concernTable(batch);
  }

  /** Whether the batch has rows for a table that is suspect. */
  boolean concernTable(Batch batch) {
    for (int run = 0; run < batch.runCount(); run++) {
      if (lastSeen.containsKey(batch.runTable(run))) {
        return true;
      }
    }
    return false;
  }

  private void sweep(long now) {
    if (now - nextSweep >= 0) {
      nextSweep = now + MEMORY / 10;
      lastSeen.values().removeIf(seen -> now - seen > MEMORY);
    }
  }
}
