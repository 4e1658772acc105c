package attolytics.buffer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.encoding.CopyBuffer;
import attolytics.schema.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchTest {
  /** No event of it goes into quarantine. */
  private static final class UnchangedRequest implements LenientRequest {
    @Override
    public boolean quarantine(int event, String code, String detail) {
      return false;
    }

    @Override
    public String answer(int duplicates) {
      return "";
    }
  }

  private static final Table A = new Table("a", 0, List.of());
  private static final Table B = new Table("b", 0, List.of());
  private static final int ROW_BYTES = 6;

  private final Batch batch = new Batch(1 << 16);

  /** Adds a row with one field, which is NULL, for each of the tables. */
  private static void add(Batch to, Table... tables) {
    for (Table table : tables) {
      to.rows().putShort(1);
      to.rows().putNull();
      to.endRow(table);
    }
  }

  private int[] ofRuns(IntUnaryOperator value) {
    return IntStream.range(0, batch.runCount()).map(value).toArray();
  }

  @Test
  void rows_ofOneTableInSuccession_areARun() {
    add(batch, A, A, B, A);
    assertEquals(4, batch.rowCount());
    assertEquals(4 * ROW_BYTES, batch.byteCount());
    assertEquals(
        List.of(A, B, A), List.of(batch.runTable(0), batch.runTable(1), batch.runTable(2)));
    assertArrayEquals(new int[] {2, 1, 1}, ofRuns(batch::runRows));
    assertArrayEquals(new int[] {0, 2 * ROW_BYTES, 3 * ROW_BYTES}, ofRuns(batch::runStart));
    assertArrayEquals(
        new int[] {2 * ROW_BYTES, 3 * ROW_BYTES, 4 * ROW_BYTES}, ofRuns(batch::runEnd));
  }

  @Test
  void tables_knowTheirRows() {
    add(batch, A, A, B, A);
    assertTrue(batch.touches(A));
    assertFalse(batch.touches(new Table("c", 0, List.of())));
    assertEquals(3, batch.rowsOf(A));
    assertEquals(1, batch.rowsOf(B));
  }

  @Test
  void eventOf_isThePlaceAmongAllRows() {
    add(batch, A, A, B, B, A, B);
    assertArrayEquals(
        new int[] {0, 1, 4}, IntStream.range(0, 3).map(row -> batch.eventOf(A, row)).toArray());
    assertArrayEquals(
        new int[] {2, 3, 5}, IntStream.range(0, 3).map(row -> batch.eventOf(B, row)).toArray());
    assertThrows(IndexOutOfBoundsException.class, () -> batch.eventOf(A, 3));
  }

  @Test
  void rowsLeftOut_areCountedForTheirRun() {
    add(batch, A, A, B, A);
    batch.leaveOut(A, 1);
    batch.leaveOut(A, 2);
    batch.leaveOut(B, 0);
    assertArrayEquals(new int[] {1, 1, 1}, ofRuns(batch::runDuplicates));
    assertEquals(3, batch.duplicates());
    batch.resetDuplicates();
    assertEquals(0, batch.duplicates());
  }

  /** The rows of a table come in order, but those of several tables one table after the other. */
  @Test
  void rowsLeftOut_areFoundInAnyOrderOfTables() {
    add(batch, A, B, A, B, A, A);
    for (Table table : List.of(B, A)) {
      batch.leaveOut(table, 1);
    }
    batch.leaveOut(A, 3);
    batch.leaveOut(A, 0);
    assertArrayEquals(new int[] {1, 0, 1, 1, 1}, ofRuns(batch::runDuplicates));
  }

  @Test
  void clear_forgetsRowsLeftOut() {
    add(batch, A, B);
    batch.leaveOut(A, 0);
    batch.leaveOut(B, 0);
    batch.clear();
    add(batch, A, B);
    assertEquals(0, batch.duplicates());
    assertEquals(2, batch.rowCount());
  }

  @Test
  void replaceRow_changesOneRowAndItsTable() {
    add(batch, A, A, A);
    CopyBuffer row = new CopyBuffer(16, 16);
    row.putShort(2);
    row.putNull();
    row.putNull();
    batch.replaceRow(1, B, row);
    assertArrayEquals(new int[] {1, 1, 1}, ofRuns(batch::runRows));
    assertEquals(
        List.of(A, B, A), List.of(batch.runTable(0), batch.runTable(1), batch.runTable(2)));
    assertEquals(3, batch.rowCount());
    byte[] expected = new byte[2 * ROW_BYTES + row.size()];
    byte[] same = {0, 1, -1, -1, -1, -1};
    System.arraycopy(same, 0, expected, 0, ROW_BYTES);
    System.arraycopy(row.array(), 0, expected, ROW_BYTES, row.size());
    System.arraycopy(same, 0, expected, ROW_BYTES + row.size(), ROW_BYTES);
    assertArrayEquals(expected, Arrays.copyOf(batch.rows().array(), batch.byteCount()));
  }

  @Test
  void replaceRow_leavesEveryOtherRowInItsTable() {
    add(batch, A, B, B, A, A);
    CopyBuffer row = new CopyBuffer(ROW_BYTES, ROW_BYTES);
    row.putShort(1);
    row.putNull();
    batch.replaceRow(4, B, row);
    assertArrayEquals(new int[] {1, 2, 1, 1}, ofRuns(batch::runRows));
    assertEquals(2, batch.rowsOf(A));
    assertEquals(4, batch.eventOf(B, 2));
  }

  @Test
  void clear_forgetsTheTables() {
    add(batch, B, A);
    batch.clear();
    assertEquals(0, batch.byteCount());
    add(batch, B);
    assertFalse(batch.touches(A));
    assertEquals(0, batch.rowsOf(A));
    assertThrows(IndexOutOfBoundsException.class, () -> batch.eventOf(A, 0));
  }

  @Test
  void clear_forgetsTheRequest() {
    IdempotencyKey key = new IdempotencyKey("app", "key", new byte[0]);
    LenientRequest lenient = new UnchangedRequest();
    batch.identify(key);
    batch.handleLeniently(lenient, 0);
    assertSame(key, batch.key());
    assertSame(lenient, batch.lenient());
    batch.clear();
    assertNull(batch.key());
    assertNull(batch.lenient());
  }

  @Test
  void keyThatIsOnlyLookedUp_isKnownAsSuch() {
    IdempotencyKey key = new IdempotencyKey("app", "key", new byte[0]);
    assertFalse(batch.isLookup());
    batch.lookUp(key);
    assertTrue(batch.isLookup());
    assertSame(key, batch.key());
    batch.clear();
    assertFalse(batch.isLookup());
  }

  @Test
  void source_isTheConnection() {
    batch.setSource(7);
    assertEquals(7, batch.source());
  }

  @Test
  void leniency_reservesMemory_orIsRefused() {
    Budget budget = new Budget(1 << 20);
    Batch bounded = new Batch(64, 1 << 14, budget);
    assertTrue(bounded.reserve(0));
    long before = budget.used();
    LenientRequest lenient = new UnchangedRequest();
    bounded.handleLeniently(lenient, 100);
    assertEquals(before + 100, budget.used());
    assertThrows(
        CopyBuffer.LimitExceededException.class, () -> bounded.handleLeniently(lenient, 1 << 14));
  }

  @Test
  void rows_upToExactlyTheLimit_areAccepted() {
    int limit = 10_000;
    Batch bounded = new Batch(64, limit, new Budget(limit));
    assertTrue(bounded.reserve(0));
    int most = limit - Batch.OVERHEAD_BYTES - Runs.BYTES;
    for (int bytes = 0; bytes < most; bytes++) {
      bounded.rows().putByte(0);
    }
    bounded.endRow(A);
    assertEquals(most, bounded.byteCount());
    CopyBuffer.LimitExceededException refused =
        assertThrows(CopyBuffer.LimitExceededException.class, () -> bounded.rows().putByte(0));
    assertFalse(refused.isTemporary());
  }

  @Test
  void memory_isReservedUntilItIsReleased() {
    Budget budget = new Budget(1 << 20);
    Batch bounded = new Batch(64, 1 << 14, budget);
    assertTrue(bounded.reserve(100));
    long first = budget.used();
    assertEquals(Batch.OVERHEAD_BYTES + 100 + bounded.heapBytes(), first);
    for (int i = 0; i < 50; i++) {
      add(bounded, A, B);
    }
    assertEquals(Batch.OVERHEAD_BYTES + 100 + bounded.heapBytes(), budget.used());
    assertTrue(budget.used() > first);
    bounded.release();
    assertEquals(0, budget.used());
    assertEquals(0, bounded.rowCount());
  }

  @Test
  void memoryThatIsReleasedEarlier_isNotReleasedAgain() {
    Budget budget = new Budget(1 << 20);
    Batch bounded = new Batch(64, 1 << 14, budget);
    assertTrue(bounded.reserve(0));
    long before = budget.used();
    assertTrue(bounded.tryReserve(1000));
    bounded.release(400);
    assertEquals(before + 600, budget.used());
    bounded.release();
    assertEquals(0, budget.used());
  }

  @Test
  void rowsBeyondTheLimit_areRefused() {
    Budget budget = new Budget(1 << 20);
    Batch bounded = new Batch(64, 2000, budget);
    assertTrue(bounded.reserve(0));
    assertThrows(
        CopyBuffer.LimitExceededException.class,
        () -> {
          for (int i = 0; i < 500; i++) {
            add(bounded, A, B);
          }
        });
    assertTrue(bounded.isOutgrown());
  }

  @Test
  void rowsBeyondTheBudget_areRefusedForNow() {
    Budget budget = new Budget(1 << 20);
    Batch bounded = new Batch(64, 1 << 19, budget);
    assertTrue(bounded.reserve(0));
    assertTrue(budget.tryReserve((1 << 20) - budget.used()));
    assertThrows(
        CopyBuffer.LimitExceededException.class,
        () -> {
          for (int i = 0; i < 500; i++) {
            add(bounded, A, B);
          }
        });
    assertFalse(bounded.isOutgrown());
    assertFalse(new Batch(64, 1 << 14, budget).reserve(0));
  }

  @Test
  void outcome_isToldOnce() {
    List<Outcome> outcomes = new ArrayList<>();
    Ack ack = outcomes::add;
    batch.accept(ack, 7);
    assertSame(ack, batch.ack());
    assertEquals(7, batch.acceptedNanos());
    batch.settle(Outcome.STORED);
    assertEquals(List.of(Outcome.STORED), outcomes);
    assertNull(batch.ack());
    assertThrows(IllegalStateException.class, () -> batch.settle(Outcome.STORED));
  }
}
