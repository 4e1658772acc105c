package attolytics.simulate.workload;

import attolytics.buffer.IdempotencyKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A request, which is sent again if its answer says that it may be.
 *
 * @param number from 1
 * @param key the Idempotency-Key, or null
 * @param connection that it comes on
 * @param sends the first times that it is sent, more than one only with a key
 */
public record Request(
    int number,
    @Nullable String key,
    boolean isLenient,
    int connection,
    List<Row> rows,
    List<Send> sends) {
  /** So that a row's id tells its request. */
  private static final int MAX_ROWS = 1 << 10;

  /** When and where a request is sent. */
  public record Send(long nanos, int instance) {}

  /** Its key as the service has it, or null. */
  public @Nullable IdempotencyKey idempotencyKey() {
    byte[] fingerprint = ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    return key == null ? null : new IdempotencyKey("app", key, fingerprint);
  }

  /** The id of a row, as in the column of its table. */
  public long rowId(int row) {
    return (long) number * MAX_ROWS + row;
  }

  /** The number of the request that a row belongs to, by the row's id. */
  public static int numberOf(long rowId) {
    return (int) (rowId / MAX_ROWS);
  }

  /** The place of a row in its request, by its id. */
  public static int rowOf(long rowId) {
    return (int) (rowId % MAX_ROWS);
  }

  /** Whether a row can never be stored. */
  public boolean hasFatalRow() {
    return hasRowFault(RowFault::isFatal);
  }

  public boolean hasRowFault() {
    return hasRowFault(fault -> true);
  }

  /** Whether a row has some kind of fault. */
  public boolean hasRowFault(Predicate<RowFault> kind) {
    return rows.stream().anyMatch(row -> row.fault() != null && kind.test(row.fault()));
  }

  /** The same without one of its rows. */
  public Request withoutRow(int row) {
    List<Row> fewer = new ArrayList<>(rows);
    fewer.remove(row);
    return new Request(number, key, isLenient, connection, fewer, sends);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("request " + number);
    text.append(key == null ? "" : ", key " + key).append(isLenient ? ", lenient" : "");
    for (Send send : sends) {
      text.append(", to " + send.instance + " at " + send.nanos / 1_000_000 + " ms");
    }
    text.append(", connection " + connection + ": " + rows.size() + " rows");
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      if (row.fault() != null) {
        text.append("; row " + i + " of " + row.table() + " " + row.fault());
      } else if (row.table() != ModelTable.EVENTS) {
        text.append("; row " + i + " of " + row.table() + " has " + row.unique());
      }
    }
    return text.toString();
  }
}
