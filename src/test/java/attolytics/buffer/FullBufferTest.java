package attolytics.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.Table;
import java.util.List;
import org.junit.jupiter.api.Test;

class FullBufferTest {
  private static final int CAPACITY = 1 << 20;
  private static final Table TABLE = new Table("t", 0, List.of());

  private final Budget budget = new Budget(CAPACITY);
  private final FullBuffer buffer = new FullBuffer(budget, new Ring(1 << 10));

  @Test
  void buffer_isFullWithoutRoomForATypicalRequest() {
    assertFalse(buffer.isFull());
    assertTrue(budget.tryReserve(CAPACITY - (16 << 10)));
    assertFalse(buffer.isFull());
    assertTrue(budget.tryReserve(1));
    assertTrue(buffer.isFull());
  }

  @Test
  void smallBuffer_isNotFullFromTheStart() {
    FullBuffer small = new FullBuffer(new Budget(8 << 10), new Ring(1 << 6));
    assertFalse(small.isFull());
  }

  @Test
  void fullBuffer_staysFull_untilAnEighthIsFree() {
    assertTrue(budget.tryReserve(CAPACITY));
    assertTrue(buffer.isFull());
    budget.release(CAPACITY / 8 - 1);
    assertTrue(buffer.isFull());
    assertTrue(budget.tryReserve(CAPACITY / 8 - 1));
    budget.release(CAPACITY / 8);
    assertFalse(buffer.isFull());
    assertTrue(budget.tryReserve(CAPACITY / 16));
    assertFalse(buffer.isFull());
  }

  private static Batch batch(int rows) {
    Batch batch = new Batch(1 << 14);
    for (int i = 0; i < rows; i++) {
      batch.rows().putShort(0);
      batch.endRow(TABLE);
    }
    return batch;
  }

  @Test
  void buffer_isFullWithoutRoomForTheRowsOfATypicalRequest() {
    Ring ring = new Ring(1 << 10);
    ring.newConsumer();
    FullBuffer rows = new FullBuffer(budget, ring);
    assertTrue(ring.offer(batch((1 << 10) - 100)));
    assertFalse(rows.isFull());
    assertTrue(ring.offer(batch(1)));
    assertTrue(rows.isFull());
  }

  @Test
  void bufferFullOfRows_staysFull_untilAnEighthIsFree() {
    for (int freed : new int[] {127, 128}) {
      Ring ring = new Ring(1 << 10);
      Ring.Consumer consumer = ring.newConsumer();
      Ring.Consumer other = ring.newConsumer();
      FullBuffer rows = new FullBuffer(budget, ring);
      ring.offer(batch(freed));
      ring.offer(batch((1 << 10) - freed));
      assertTrue(rows.isFull());
      consumer.poll(0);
      other.poll(0);
      consumer.release();
      assertEquals(freed < 128, rows.isFull());
    }
  }
}
