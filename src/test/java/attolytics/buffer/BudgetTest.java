package attolytics.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When a refused client should come again. */
class BudgetTest {
  private static final long MILLION = 1_000_000;
  private static final long CAPACITY = 60 * MILLION;
  private static final long BACKLOG = CAPACITY / 16;

  private long nanos = 123;
  private final Budget budget = new Budget(CAPACITY, () -> nanos);

  private void pass(double seconds) {
    nanos += (long) (seconds * TimeUnit.SECONDS.toNanos(1));
  }

  private void drain(long bytes) {
    budget.drained(bytes);
    budget.release(bytes);
  }

  /** For that long, what is drained comes in again. */
  private void busy(double seconds, long bytesPerSecond) {
    for (int i = 0; i < seconds * 10; i++) {
      pass(0.1);
      drain(bytesPerSecond / 10);
      budget.tryReserve(bytesPerSecond / 10);
    }
  }

  private void assertRetryAfter(int min, int max) {
    int seconds = budget.retryAfterSeconds();
    assertTrue(min <= seconds && seconds <= max, seconds + " s");
  }

  @Test
  void retryAfter_isTheTimeToDrainTheBuffer() {
    budget.tryReserve(CAPACITY);
    busy(20, 20 * MILLION);
    assertEquals(3, budget.retryAfterSeconds());
    busy(20, 6 * MILLION);
    assertRetryAfter(10, 11);
  }

  @Test
  void retryAfter_rightAfterABurst_usesTheElapsedTime() {
    pass(3600);
    budget.tryReserve(CAPACITY);
    busy(0.2, 20 * MILLION);
    assertRetryAfter(3, 4);
  }

  @Test
  void retryAfter_usesTheRateOfTheLastBacklog() {
    budget.tryReserve(CAPACITY);
    busy(5, 20 * MILLION);
    for (int i = 0; i < 30; i++) {
      pass(0.1);
      drain(CAPACITY / 30);
    }
    for (int i = 0; i < 100; i++) {
      budget.tryReserve(2_000);
      pass(0.001);
      drain(2_000);
      pass(10);
    }
    budget.tryReserve(CAPACITY);
    assertRetryAfter(3, 4);
  }

  @Test
  void retryAfter_inAStall_isAtLeastItsDuration() {
    budget.tryReserve(CAPACITY);
    busy(20, 20 * MILLION);
    pass(11);
    assertEquals(30, budget.retryAfterSeconds());
    budget.release(CAPACITY / 2); // given up: nobody drained it
    budget.tryReserve(CAPACITY / 2);
    assertEquals(30, budget.retryAfterSeconds());
  }

  @Test
  void retryAfter_inAStallFromTheStart_growsWithIt() {
    pass(3600);
    budget.tryReserve(CAPACITY);
    assertEquals(1, budget.retryAfterSeconds());
    pass(12);
    assertEquals(12, budget.retryAfterSeconds());
    pass(120);
    assertEquals(30, budget.retryAfterSeconds());
  }

  @Test
  void backlog_beginsWithTheFirstByteBeyondItsPart() {
    budget.tryReserve(BACKLOG);
    pass(100);
    budget.tryReserve(CAPACITY - BACKLOG);
    busy(0.2, 20 * MILLION);
    assertRetryAfter(3, 4);
  }

  @Test
  void whatIsDrainedWithoutABacklog_isNotMeasured() {
    budget.tryReserve(BACKLOG);
    pass(10);
    budget.drained(1_000);
    budget.tryReserve(CAPACITY - BACKLOG);
    assertEquals(1, budget.retryAfterSeconds());
  }

  @Test
  void rate_doesNotFadeWithoutABacklog() {
    budget.tryReserve(CAPACITY);
    busy(5, 20 * MILLION);
    budget.release(CAPACITY - BACKLOG);
    pass(20);
    budget.drained(0);
    assertEquals(1, budget.retryAfterSeconds());
    budget.tryReserve(CAPACITY - BACKLOG);
    assertRetryAfter(3, 4);
  }

  @Test
  void retryAfter_ofATrickle_isTheLongest() {
    budget.tryReserve(CAPACITY);
    pass(1);
    budget.drained(1);
    assertEquals(30, budget.retryAfterSeconds());
  }

  @Test
  void part_reservesInTheWholeAsWell() {
    Budget whole = new Budget(10);
    Budget part = whole.part(8);
    assertEquals(8, part.capacity());
    assertTrue(part.tryReserve(6));
    assertEquals(6, whole.used());
    assertFalse(part.tryReserve(3), "beyond the part");
    part.release(6);
    assertEquals(0, whole.used());
    assertTrue(whole.tryReserve(7));
    assertFalse(part.tryReserve(4), "beyond the whole");
    assertEquals(0, part.used());
    assertEquals(7, whole.used());
  }

  @Test
  void settle_countsAsDrainedIfTheDatabaseDecided() {
    for (Outcome.Kind kind : Outcome.Kind.values()) {
      Budget fresh = new Budget(CAPACITY, () -> nanos);
      fresh.tryReserve(CAPACITY - 4096);
      Batch batch = new Batch(1024, 1 << 16, fresh);
      batch.reserve(0);
      pass(10);
      batch.accept(outcome -> {}, 0);
      batch.settle(new Outcome(kind, null, Outcome.NO_EVENT));
      boolean decided =
          switch (kind) {
            case UNAVAILABLE, BUFFER_FULL, STOPPED, UNKNOWN -> false;
            default -> true;
          };
      pass(1);
      assertEquals(decided ? 30 : 11, fresh.retryAfterSeconds(), kind.toString());
    }
  }
}
