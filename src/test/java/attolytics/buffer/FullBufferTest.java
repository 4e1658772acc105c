package attolytics.buffer;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FullBufferTest {
  private static final int CAPACITY = 1 << 20;

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
}
