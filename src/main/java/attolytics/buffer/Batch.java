package attolytics.buffer;

import attolytics.encoding.CopyBuffer;
import attolytics.schema.Table;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one request, encoded for COPY, in the order of its events. Consecutive rows of one
 * table form a run:
 *
 * <pre>
 *   rows   | event 0 | event 1 | event 2 | event 3 |
 *   runs   |      table a      | table b | table a |
 * </pre>
 *
 * Reused by its owner once it is settled. While it is in use, the memory that it holds, written to
 * or not, is charged to the budget. One thread at a time; see the package.
 */
public final class Batch {
  private static final int RUN_BYTES = 2 * Integer.BYTES + 8;

  /** What a waiting request takes besides its head and rows, roughly. */
  public static final int OVERHEAD_BYTES = 1024;

  private final CopyBuffer rows;
  private final Budget budget;
  private final long maxBytes;
  private long charged;
  private boolean outgrown;
  private Table[] runTables = new Table[1];
  private int[] runEnds = new int[1];
  private int[] runRows = new int[1];
  private int runCount;
  private int rowCount;
  private @Nullable Ack ack;
  private long acceptedNanos;
  private @Nullable IdempotencyKey key;
  private @Nullable LenientRequest lenient;
  private int source;

  /**
   * Charged to nobody.
   *
   * @param maxBytes bound on the encoded rows
   */
  public Batch(int maxBytes) {
    this(Math.min(1024, maxBytes), maxBytes, Long.MAX_VALUE, new Budget(Long.MAX_VALUE));
  }

  /**
   * @param initialBytes room for encoded rows to begin with, or less if that is too much
   * @param maxBytes bound on what is charged, larger than an empty batch
   */
  public Batch(int initialBytes, int maxBytes, Budget budget) {
    this(initialBytes, maxBytes - OVERHEAD_BYTES - RUN_BYTES, maxBytes, budget);
  }

  private Batch(int initialBytes, int maxRowBytes, long maxBytes, Budget budget) {
    this.budget = budget;
    this.maxBytes = maxBytes;
    rows = new CopyBuffer(Math.min(initialBytes, maxRowBytes), maxRowBytes, this::charge);
  }

  /**
   * Charges the budget with a request and the memory held; false, with nothing changed, if it is
   * spent.
   *
   * @param headBytes what the request itself holds until it is answered
   */
  public boolean reserve(int headBytes) {
    return charge(OVERHEAD_BYTES + headBytes + heapBytes());
  }

  /** Gives the budget back what was charged. The batch is empty then, and its memory is kept. */
  public void release() {
    clear();
    budget.release(charged);
    charged = 0;
  }

  /** Bytes of heap held, whether written or not. */
  public int heapBytes() {
    return rows.capacity() + RUN_BYTES * runTables.length;
  }

  /** Whether the memory that it did not get last is more than it may have at any time. */
  public boolean isOutgrown() {
    return outgrown;
  }

  private boolean charge(int bytes) {
    outgrown = charged + bytes > maxBytes;
    boolean granted = !outgrown && budget.tryReserve(bytes);
    if (granted) {
      charged += bytes;
    }
    return granted;
  }

  /** Where the next row's bytes go; {@link #endRow} then says whose they are. */
  public CopyBuffer rows() {
    return rows;
  }

  /**
   * Makes all bytes since the last row a row of the table.
   *
   * @throws CopyBuffer.LimitExceededException if the budget is spent
   */
  public void endRow(Table table) {
    rowCount++;
    if (runCount == 0 || runTables[runCount - 1] != table) {
      if (runCount == runTables.length) {
        if (!charge(RUN_BYTES * runCount)) {
          throw CopyBuffer.LimitExceededException.temporary();
        }
        runTables = Arrays.copyOf(runTables, 2 * runCount);
        runEnds = Arrays.copyOf(runEnds, 2 * runCount);
        runRows = Arrays.copyOf(runRows, 2 * runCount);
      }
      runTables[runCount] = table;
      runRows[runCount] = 0;
      runCount++;
    }
    runRows[runCount - 1]++;
    runEnds[runCount - 1] = rows.size();
  }

  /** Empties the batch for the next request; its memory is kept. */
  public void clear() {
    rows.truncate(0);
    runCount = 0;
    rowCount = 0;
    key = null;
    lenient = null;
  }

  public int rowCount() {
    return rowCount;
  }

  public int byteCount() {
    return rows.size();
  }

  public int runCount() {
    return runCount;
  }

  public Table runTable(int run) {
    return runTables[run];
  }

  public int runRows(int run) {
    return runRows[run];
  }

  /** Offset of the run's first byte in {@link #rows()}. */
  public int runStart(int run) {
    return run == 0 ? 0 : runEnds[run - 1];
  }

  /** Offset behind the run's last byte in {@link #rows()}. */
  public int runEnd(int run) {
    return runEnds[run];
  }

  /** Whether one of the rows is the table's. */
  public boolean touches(Table table) {
    for (int run = 0; run < runCount; run++) {
      if (runTables[run] == table) {
        return true;
      }
    }
    return false;
  }

  /**
   * Where in the request's events the table's row stands.
   *
   * @param row of the table's rows in this batch, from 0
   * @return its place among all rows, which is that of its event
   */
  public int eventOf(Table table, int row) {
    int before = 0;
    int left = row;
    for (int run = 0; run < runCount; run++) {
      if (runTables[run] == table) {
        if (left < runRows[run]) {
          return before + left;
        }
        left -= runRows[run];
      }
      before += runRows[run];
    }
    throw new IndexOutOfBoundsException("row " + row + " of " + table);
  }

  /** How many of the rows are the table's. */
  public int rowsOf(Table table) {
    int rows = 0;
    for (int run = 0; run < runCount; run++) {
      if (runTables[run] == table) {
        rows += runRows[run];
      }
    }
    return rows;
  }

  /**
   * Marks the request as one that is handled leniently.
   *
   * @param heapBytes what it holds besides the batch
   * @throws CopyBuffer.LimitExceededException if the budget is spent
   */
  public void handleLeniently(LenientRequest request, int heapBytes) {
    if (!charge(heapBytes)) {
      throw CopyBuffer.LimitExceededException.temporary();
    }
    lenient = request;
  }

  /** The request, if it is handled leniently, else null. */
  public @Nullable LenientRequest lenient() {
    return lenient;
  }

  /**
   * Replaces a row.
   *
   * @param index the row's place among all rows
   * @param table of the new row
   * @param row its bytes
   * @throws CopyBuffer.LimitExceededException if the budget is spent; the rows are lost then
   */
  public void replaceRow(int index, Table table, CopyBuffer row) {
    byte[] oldRows = Arrays.copyOf(rows.array(), rows.size());
    Table[] tables = Arrays.copyOf(runTables, runCount);
    int[] counts = Arrays.copyOf(runRows, runCount);
    rows.truncate(0);
    runCount = 0;
    rowCount = 0;
    int at = 0;
    for (int run = 0; run < tables.length; run++) {
      for (int i = 0; i < counts[run]; i++) {
        int length = CopyBuffer.rowBytes(oldRows, at);
        boolean replaced = rowCount == index;
        if (replaced) {
          rows.put(row.array(), 0, row.size());
        } else {
          rows.put(oldRows, at, length);
        }
        endRow(replaced ? table : tables[run]);
        at += length;
      }
    }
  }

  /** Makes the rows stand once, however often the request is sent under this key. */
  public void identify(IdempotencyKey as) {
    key = as;
  }

  /** What the client calls the request, or null. */
  public @Nullable IdempotencyKey key() {
    return key;
  }

  /** A number for the connection that the request came by, or 0. */
  public int source() {
    return source;
  }

  /** Says by which connection the request came. */
  public void setSource(int connection) {
    source = connection;
  }

  /**
   * Says who waits for the outcome, and since when.
   *
   * @param nowNanos by {@link System#nanoTime()}
   */
  public void accept(Ack waiting, long nowNanos) {
    ack = waiting;
    acceptedNanos = nowNanos;
  }

  /** When the request was accepted, by {@link System#nanoTime()}. */
  public long acceptedNanos() {
    return acceptedNanos;
  }

  /** Who waits for the outcome, or null if nobody does any more. */
  public @Nullable Ack waiting() {
    return ack;
  }

  /**
   * Tells the outcome to the one who waits. The batch is no longer the caller's then.
   *
   * @throws IllegalStateException if it was told before
   */
  public void settle(Outcome outcome) {
    Ack waiting = ack;
    if (waiting == null) {
      throw new IllegalStateException("a request was settled twice");
    }
    ack = null;
    if (outcome.kind().isOfDatabase()) {
      budget.drained(charged);
    }
    waiting.settled(outcome);
  }
}
