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
 * Reused by its owner after it is settled. Until it is released, all of its memory, whether written
 * or not, is reserved in the budget. Not thread-safe; see the package.
 */
public final class Batch {
  /** Estimate of the heap that a request takes besides its head and its rows. */
  public static final int OVERHEAD_BYTES = 1024;

  private final CopyBuffer rows;
  private final Budget budget;
  private final long maxBytes;
  private long reserved;
  private boolean outgrown;
  private final Runs runs = new Runs();
  private @Nullable Ack ack;
  private long acceptedNanos;
  private @Nullable IdempotencyKey key;
  private boolean lookup;
  private @Nullable LenientRequest lenient;
  private int source;

  /**
   * Creates a batch without a budget.
   *
   * @param maxBytes limit on the encoded rows
   */
  public Batch(int maxBytes) {
    this(Math.min(1024, maxBytes), maxBytes, Long.MAX_VALUE, new Budget(Long.MAX_VALUE));
  }

  /**
   * @param initialBytes initial capacity for encoded rows; less if that exceeds the limit
   * @param maxBytes limit on the bytes that are reserved; larger than an empty batch
   */
  public Batch(int initialBytes, int maxBytes, Budget budget) {
    this(initialBytes, maxBytes - OVERHEAD_BYTES - Runs.BYTES, maxBytes, budget);
  }

  private Batch(int initialBytes, int maxRowBytes, long maxBytes, Budget budget) {
    this.budget = budget;
    this.maxBytes = maxBytes;
    rows = new CopyBuffer(Math.min(initialBytes, maxRowBytes), maxRowBytes, this::tryReserve);
  }

  /**
   * Reserves memory for a request and this batch; false, with nothing changed, if the budget is
   * exhausted.
   *
   * @param headBytes what the headers of the request take
   */
  public boolean reserve(int headBytes) {
    return tryReserve(OVERHEAD_BYTES + headBytes + heapBytes());
  }

  /** Empties the batch and releases what it has reserved. Its memory is kept. */
  public void release() {
    clear();
    budget.release(reserved);
    reserved = 0;
  }

  /** Releases some of what is reserved, for what the request takes no more. */
  public void release(long bytes) {
    budget.release(bytes);
    reserved -= bytes;
  }

  /** Bytes that are reserved in the budget. */
  public long reservedBytes() {
    return reserved;
  }

  /** Bytes of heap, whether written or not. */
  public int heapBytes() {
    return rows.capacity() + runs.heapBytes();
  }

  /** Whether the last reservation failed because of the limit of the batch, not the budget. */
  public boolean isOutgrown() {
    return outgrown;
  }

  /**
   * Reserves more memory, for the batch or for what the request takes besides it; false, with
   * nothing changed, if the budget or the limit of the batch is exhausted.
   */
  public boolean tryReserve(int bytes) {
    outgrown = reserved + bytes > maxBytes;
    boolean granted = !outgrown && budget.tryReserve(bytes);
    if (granted) {
      reserved += bytes;
    }
    return granted;
  }

  /** The buffer for the bytes of the next row; {@link #endRow} completes the row. */
  public CopyBuffer rows() {
    return rows;
  }

  /**
   * Makes a row of the table of all bytes since the last row.
   *
   * @throws CopyBuffer.LimitExceededException if the budget is exhausted
   */
  public void endRow(Table table) {
    if (runs.hasToGrowFor(table) && !tryReserve(runs.heapBytes())) {
      throw CopyBuffer.LimitExceededException.temporary();
    }
    runs.endRow(table, rows.size());
  }

  /** Empties the batch for the next request; its memory is kept. */
  public void clear() {
    rows.truncate(0);
    runs.clear();
    key = null;
    lookup = false;
    lenient = null;
  }

  public int rowCount() {
    return runs.rowCount();
  }

  public int byteCount() {
    return rows.size();
  }

  public int runCount() {
    return runs.count();
  }

  public Table runTable(int run) {
    return runs.table(run);
  }

  public int runRows(int run) {
    return runs.rows(run);
  }

  /** Offset of the run's first byte in {@link #rows()}. */
  public int runStart(int run) {
    return runs.start(run);
  }

  /** Offset after the last byte of the run in {@link #rows()}. */
  public int runEnd(int run) {
    return runs.end(run);
  }

  /** Whether the table has a row in this batch. */
  public boolean touches(Table table) {
    return runs.touches(table);
  }

  /**
   * Where in the request's events the table's row stands.
   *
   * @param row of the table's rows in this batch, from 0
   * @return its place among all rows, which is that of its event
   */
  public int eventOf(Table table, int row) {
    return runs.eventOf(table, row);
  }

  /** Number of rows of the table. */
  public int rowsOf(Table table) {
    return runs.rowsOf(table);
  }

  /**
   * Counts a row that is left out, as the table has its values already.
   *
   * @param row of the table's rows in this batch, from 0
   */
  public void leaveOut(Table table, int row) {
    runs.leaveOut(table, row);
  }

  /** Begins to count again: another transaction decides which rows are left out. */
  public void resetDuplicates() {
    runs.resetDuplicates();
  }

  /** How many of the run's rows are left out. */
  public int runDuplicates(int run) {
    return runs.duplicates(run);
  }

  /** How many rows are left out; final once the batch is settled. */
  public int duplicates() {
    return runs.duplicates();
  }

  /**
   * Marks the request as one that is handled leniently.
   *
   * @param heapBytes what the request takes besides the batch
   * @throws CopyBuffer.LimitExceededException if the budget is exhausted
   */
  public void handleLeniently(LenientRequest request, int heapBytes) {
    if (!tryReserve(heapBytes)) {
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
   * @param index of the row among all rows
   * @param table of the new row
   * @param row its bytes
   * @throws CopyBuffer.LimitExceededException if the budget is exhausted; the rows are lost then
   */
  public void replaceRow(int index, Table table, CopyBuffer row) {
    byte[] oldRows = Arrays.copyOf(rows.array(), rows.size());
    Table[] tables = runs.tablesOfRows();
    rows.truncate(0);
    runs.clear();
    int at = 0;
    for (int i = 0; i < tables.length; i++) {
      int length = CopyBuffer.rowBytes(oldRows, at);
      if (i == index) {
        rows.put(row.array(), 0, row.size());
      } else {
        rows.put(oldRows, at, length);
      }
      endRow(i == index ? table : tables[i]);
      at += length;
    }
  }

  /** Sets the key under which the request can be repeated without storing its rows again. */
  public void identify(IdempotencyKey as) {
    key = as;
  }

  /**
   * Sets the key of a request that is only to be looked up: the request is refused unless it
   * repeats one that is stored. It has no rows, and does not use its key up.
   */
  public void lookUp(IdempotencyKey as) {
    key = as;
    lookup = true;
  }

  /** Whether the key is only looked up. */
  public boolean isLookup() {
    return lookup;
  }

  /** The Idempotency-Key of the request, or null. */
  public @Nullable IdempotencyKey key() {
    return key;
  }

  /**
   * A number that identifies the HTTP connection of the request, or 0. Behind a reverse proxy one
   * connection has requests of many clients.
   */
  public int source() {
    return source;
  }

  /** Sets the number that identifies the connection of the request. */
  public void setSource(int connection) {
    source = connection;
  }

  /**
   * Sets the receiver of the outcome, and the time from which it waits.
   *
   * @param nowNanos by {@link System#nanoTime()}
   */
  public void accept(Ack receiver, long nowNanos) {
    ack = receiver;
    acceptedNanos = nowNanos;
  }

  /** When the request was accepted, by {@link System#nanoTime()}. */
  public long acceptedNanos() {
    return acceptedNanos;
  }

  /** The receiver of the outcome, or null after it was called. */
  public @Nullable Ack ack() {
    return ack;
  }

  /**
   * Calls the receiver of the outcome, to which the batch belongs from then on.
   *
   * @throws IllegalStateException if it was called before
   */
  public void settle(Outcome outcome) {
    Ack receiver = ack;
    if (receiver == null) {
      throw new IllegalStateException("a request was settled twice");
    }
    ack = null;
    if (outcome.kind().isOfDatabase()) {
      budget.drained(reserved);
    }
    receiver.settled(outcome);
  }
}
