package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.schema.Table;
import java.util.List;

/** Requests for the tests of single classes. */
public final class Batches {
  public static final Table T = new Table("t", 0, List.of());
  public static final Table U = new Table("u", 1, List.of());

  private Batches() {}

  /** A request with a row for each of the tables. */
  public static Batch batch(Table... tables) {
    Batch batch = new Batch(1 << 10);
    for (Table table : tables) {
      batch.rows().putShort(0);
      batch.endRow(table);
    }
    batch.accept(outcome -> {}, 0);
    return batch;
  }

  public static Batch keyed(String key, Table... tables) {
    Batch batch = batch(tables);
    batch.identify(new IdempotencyKey("a", key, new byte[0]));
    return batch;
  }

  public static Batch acceptedAt(long nanos) {
    Batch batch = batch(T);
    batch.accept(outcome -> {}, nanos);
    return batch;
  }
}
