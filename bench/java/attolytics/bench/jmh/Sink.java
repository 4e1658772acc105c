package attolytics.bench.jmh;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushDatabase;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.TimeLimits;
import attolytics.flush.transaction.TransactionId;
import attolytics.flush.transaction.TransactionStatus;
import attolytics.schema.Table;
import java.util.List;
import java.util.Map;

/**
 * In a database's place: gathers rows into chunks, as a COPY does, and drops them. Every COMMIT
 * succeeds at once.
 */
final class Sink implements FlushDatabase, FlushDatabase.Transaction {
  private final TransactionId id = new TransactionId("1", "00000001", 0);
  private final byte[] chunk = new byte[64 << 10];
  private int chunkSize;

  @Override
  public Transaction begin(TimeLimits limits) {
    return this;
  }

  @Override
  public TransactionId id() {
    return id;
  }

  @Override
  public Map<Batch, Outcome> claimKeys(List<Batch> batches) {
    return Map.of();
  }

  @Override
  public void copy(Table table, List<Batch> batches) {
    for (Batch batch : batches) {
      for (int run = 0; run < batch.runCount(); run++) {
        if (batch.runTable(run) == table) {
          gather(batch.rows().array(), batch.runStart(run), batch.runEnd(run));
        }
      }
    }
  }

  private void gather(byte[] rows, int from, int to) {
    if (to - from > chunk.length - chunkSize) {
      chunkSize = 0;
    }
    System.arraycopy(rows, from, chunk, chunkSize, to - from);
    chunkSize += to - from;
  }

  @Override
  public void commit() {}

  @Override
  public void close() {}

  @Override
  public void abortIfOverdue() {}

  @Override
  public void abort() {}

  // Nothing fails here.

  @Override
  public LockedKeys findLockedKeys(List<Batch> keyed, long millis) {
    throw new AssertionError();
  }

  @Override
  public void insert(Table table, List<Batch> batches) {
    throw new AssertionError();
  }

  @Override
  public Session sessionAfterFailure() {
    throw new AssertionError();
  }

  @Override
  public TransactionStatus status(TransactionId transaction, long nanos) {
    throw new AssertionError();
  }
}
