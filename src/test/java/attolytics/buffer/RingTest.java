package attolytics.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class RingTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  private final Table table = table("t", 0);
  private final Ring ring = new Ring(8);
  private final Ring.Consumer consumer = ring.newConsumer();

  @Test
  void poll_returnsBatchesInTheOrderOfOffers() {
    Batch first = batch(2);
    Batch second = batch(3);
    assertTrue(ring.offer(first));
    assertTrue(ring.offer(second));
    assertSame(first, consumer.poll(0));
    assertSame(second, consumer.poll(0));
    assertNull(consumer.poll(0));
  }

  @Test
  void offer_acceptsAllRowsOrNone() {
    assertTrue(ring.offer(batch(6)));
    assertFalse(ring.offer(batch(3)));
    assertEquals(6, ring.usedRows());
    assertTrue(ring.offer(batch(2)));
    assertEquals(8, ring.usedRows());
  }

  @Test
  void slots_areOccupiedUntilReleased() {
    ring.offer(batch(8));
    consumer.poll(0);
    assertFalse(ring.offer(batch(1)));
    consumer.release();
    assertEquals(0, ring.usedRows());
    assertTrue(ring.offer(batch(8)));
  }

  @Test
  void slots_areOccupiedUntilTheirConsumerReleasesThem() {
    Ring.Consumer other = ring.newConsumer();
    ring.offer(batch(3));
    ring.offer(batch(5));
    consumer.poll(0);
    other.poll(0);
    other.release();
    assertEquals(8, ring.usedRows());
    assertFalse(ring.offer(batch(1)));
    consumer.release();
    assertEquals(0, ring.usedRows());
    assertTrue(ring.offer(batch(8)));
  }

  @Test
  void unparkOnOffer_unparksAtOnceIfThereIsABatch() {
    ring.offer(batch(1));
    ring.unparkOnOffer(Thread.currentThread());
    LockSupport.park(); // would last until the timeout
  }

  @Test
  void unparkOnOffer_unparksAtTheNextOffer() throws Exception {
    ring.unparkOnOffer(Thread.currentThread());
    Thread producer = new Thread(() -> ring.offer(batch(1)));
    producer.start();
    while (!ring.hasBatches()) {
      LockSupport.park();
    }
    producer.join();
  }

  @Test
  void isToUnpark_untilTheOffer() {
    Thread self = Thread.currentThread();
    assertFalse(ring.isToUnpark(self));
    ring.unparkOnOffer(self);
    assertTrue(ring.isToUnpark(self));
    assertFalse(ring.isToUnpark(new Thread()));
    ring.offer(batch(1));
    assertFalse(ring.isToUnpark(self));
  }

  @Test
  void ring_wrapsAround() {
    for (int i = 0; i < 100; i++) {
      Batch batch = batch(1 + i % 5);
      assertTrue(ring.offer(batch));
      assertSame(batch, consumer.poll(0));
      consumer.release();
    }
  }

  @Test
  void emptyBatch_occupiesASlot() {
    Batch empty = batch(0);
    assertTrue(ring.offer(empty));
    assertSame(empty, consumer.poll(0));
  }

  @Test
  void poll_waitsForAnOfferOfAnotherThread() throws Exception {
    Batch batch = batch(1);
    Thread producer = new Thread(() -> ring.offer(batch));
    producer.start();
    assertSame(batch, consumer.poll(PATIENCE));
    producer.join();
  }

  @Test
  void wake_endsPoll() throws Exception {
    Thread polling = new Thread(() -> consumer.poll(Long.MAX_VALUE / 2));
    polling.start();
    awaitParked(polling);
    ring.wake();
    polling.join();
  }

  @Test
  void wake_endsTheNextPollThatWouldWait() {
    ring.wake();
    assertNull(consumer.poll(Long.MAX_VALUE / 2));
    ring.wake();
    ring.offer(batch(1));
    assertNotNull(consumer.poll(0));
    assertNull(consumer.poll(Long.MAX_VALUE / 2));
  }

  @Test
  void poll_withoutTime_doesNotPark() {
    NanoClock clock =
        new NanoClock() {
          @Override
          public long nanoTime() {
            return 7;
          }

          @Override
          public void parkNanos(long nanos) {
            throw new AssertionError("parks for " + nanos + " ns");
          }
        };
    assertNull(new Ring(8, clock).newConsumer().poll(0));
  }

  @Test
  void poll_waitsForAsLongAsItMay() {
    AtomicLong now = new AtomicLong(1_000);
    NanoClock clock =
        new NanoClock() {
          @Override
          public long nanoTime() {
            return now.get();
          }

          @Override
          public void parkNanos(long nanos) {
            now.addAndGet((nanos + 1) / 2); // returns early, as it may
          }
        };
    assertNull(new Ring(8, clock).newConsumer().poll(100));
    assertEquals(1_100, now.get());
  }

  @Test
  void consumer_thatHoldsNothing_doesNotKeepSlots() {
    ring.newConsumer();
    for (int i = 0; i < 3; i++) {
      assertTrue(ring.offer(batch(8)));
      assertNotNull(consumer.poll(0));
      consumer.release();
    }
  }

  @Test
  void capacityRows_isThatOfTheRing() {
    assertEquals(8, ring.capacityRows());
  }

  private static void awaitParked(Thread thread) {
    while (thread.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
  }

  @Test
  void manyProducers_loseAndDuplicateNothing() throws Exception {
    int producers = 4;
    int each = 20_000;
    Ring shared = new Ring(64);
    Ring.Consumer polling = shared.newConsumer();
    List<Thread> threads = new ArrayList<>();
    for (int p = 0; p < producers; p++) {
      int producer = p;
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < each; i++) {
                  Batch batch = batch(1 + i % 7);
                  batch.accept(outcome -> {}, (long) producer * each + i);
                  while (!shared.offer(batch)) {
                    Thread.onSpinWait();
                  }
                }
              });
      threads.add(thread);
      thread.start();
    }
    long[] next = new long[producers];
    for (int i = 0; i < producers * each; i++) {
      long id = Objects.requireNonNull(polling.poll(PATIENCE)).acceptedNanos();
      int producer = (int) (id / each);
      assertEquals(next[producer]++, id % each, "in the order of its producer");
      polling.release();
    }
    assertEquals(0, shared.usedRows());
    assertTrue(Arrays.stream(next).allMatch(count -> count == each));
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  void settle_twice_throws() {
    List<Outcome> told = new ArrayList<>();
    Batch batch = batch(1);
    batch.accept(told::add, 0);
    batch.settle(Outcome.STORED);
    assertThrows(IllegalStateException.class, () -> batch.settle(Outcome.UNKNOWN));
    assertEquals(List.of(Outcome.STORED), told);
  }

  @Test
  void endRow_joinsConsecutiveRowsOfATableIntoARun() {
    Table other = table("u", 1);
    Batch batch = new Batch(1000);
    for (Table of : List.of(table, table, other, table)) {
      batch.rows().putInt(7);
      batch.endRow(of);
    }
    assertEquals(4, batch.rowCount());
    assertEquals(3, batch.runCount());
    assertEquals(2, batch.runRows(0));
    assertEquals(8, batch.runStart(1));
    assertEquals(12, batch.runEnd(1));
    assertSame(other, batch.runTable(1));
    assertTrue(batch.touches(other));
    batch.clear();
    assertEquals(0, batch.rowCount());
    assertFalse(batch.touches(other));
  }

  @Test
  void tryReserve_refusesWhatExceedsTheCapacity() {
    Budget budget = new Budget(10);
    assertTrue(budget.tryReserve(7));
    assertFalse(budget.tryReserve(4));
    assertEquals(7, budget.used());
    assertTrue(budget.tryReserve(3));
    budget.release(10);
    assertEquals(0, budget.used());
  }

  private Batch batch(int rows) {
    Batch batch = new Batch(1 << 16);
    for (int i = 0; i < rows; i++) {
      batch.rows().putShort(1);
      batch.endRow(table);
    }
    return batch;
  }

  private static Table table(String name, int ordinal) {
    Column column = new Column("c", ScalarType.I32, null, Index.NONE, false, 0);
    return new Table(name, ordinal, List.of(column));
  }
}
