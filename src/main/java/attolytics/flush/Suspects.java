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

  /** The database refused to let anything be written to the table. */
  void addTable(Table table, long now) {
    add(table, now);
  }

  private void add(Object suspect, long now) {
    if (lastSeen.size() < MAX) {
      lastSeen.put(suspect, now);
    }
  }

  /** Whether the batch is to be flushed apart. */
  boolean concern(Batch batch, long now) {
    if (lastSeen.isEmpty()) {
      return false;
    }
    sweep(now);
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

  private void sweep(long now) {
    if (now - nextSweep >= 0) {
      nextSweep = now + MEMORY / 10;
      lastSeen.values().removeIf(seen -> now - seen > MEMORY);
    }
  }
}
