package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.buffer.Batch;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Ring;
import attolytics.metrics.FlushTrigger;
import attolytics.schema.Table;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Writers that share what is offered to one ring. */
@Timeout(60)
class GathererTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);
  private static final int BATCH_ROWS = 10;

  private final Table table = new Table("t", 0, List.of());
  private final Ring ring = new Ring(1 << 14);
  private final Gatherer gatherer =
      new Gatherer(ring, new Thresholds(1000, 1 << 20, null), NanoClock.SYSTEM);
  private final Gathered first = new Gathered(ring.newConsumer(), new Unsettled());
  private final Gathered second = new Gathered(ring.newConsumer(), new Unsettled());

  private void offer(int rows) {
    offer(rows, NanoClock.SYSTEM);
  }

  private void offer(int rows, NanoClock clock) {
    Batch batch = new Batch(1 << 16);
    for (int i = 0; i < rows; i++) {
      batch.rows().putShort(0);
      batch.endRow(table);
    }
    batch.accept(outcome -> {}, clock.nanoTime());
    assertTrue(ring.offer(batch));
  }

  @Test
  void gather_withoutRequests_returnsAfterTheTimeout() {
    assertNull(gatherer.gather(first, TimeUnit.MILLISECONDS.toNanos(1)));
  }

  @Test
  void gather_takesWhatIsThereUpToTheThreshold() {
    for (int i = 0; i < 150; i++) {
      offer(BATCH_ROWS);
    }
    assertEquals(FlushTrigger.ROWS, gatherer.gather(first, PATIENCE));
    assertEquals(1000, first.rows());
    assertEquals(FlushTrigger.IDLE, gatherer.gather(second, PATIENCE));
    assertEquals(500, second.rows());
  }

  @Test
  void gather_besideAnotherFlush_waitsForItsEnd() {
    FakeClock clock = new FakeClock();
    Gatherer onFakeTime = new Gatherer(ring, new Thresholds(1000, 1 << 20, null), clock);
    offer(1, clock);
    assertNotNull(onFakeTime.gather(first, 0));
    offer(1, clock);
    clock.at(Duration.ofMillis(2), () -> offer(1, clock));
    clock.at(Duration.ofMillis(3), () -> onFakeTime.flushed(first));
    clock.at(Duration.ofMillis(8), () -> offer(1, clock));
    assertNotNull(onFakeTime.gather(second, 0));
    assertEquals(2, second.rows());
  }

  @Test
  void gather_besideASlowFlush_waitsForItALittleOnly() {
    FakeClock clock = new FakeClock();
    Gatherer onFakeTime = new Gatherer(ring, new Thresholds(1000, 1 << 20, null), clock);
    offer(1, clock);
    assertNotNull(onFakeTime.gather(first, 0));
    offer(1, clock);
    long start = clock.nanoTime();
    assertNotNull(onFakeTime.gather(second, 0));
    assertEquals(FlushTiming.MAX_NANOS, clock.nanoTime() - start);
  }

  @Test
  void gather_besideAnotherFlush_doesNotWaitWithEnoughRows() {
    FakeClock clock = new FakeClock();
    Gatherer onFakeTime = new Gatherer(ring, new Thresholds(1000, 1 << 20, null), clock);
    offer(1, clock);
    assertNotNull(onFakeTime.gather(first, 0));
    offer(FlushTiming.ENOUGH_BESIDE_OTHERS, clock);
    clock.at(Duration.ofMillis(1), () -> offer(1, clock));
    assertNotNull(onFakeTime.gather(second, 0));
    assertEquals(FlushTiming.ENOUGH_BESIDE_OTHERS, second.rows());
  }

  @Test
  void slots_areHeldUntilFlushed() {
    offer(BATCH_ROWS);
    gatherer.gather(first, PATIENCE);
    assertEquals(BATCH_ROWS, ring.usedRows());
    gatherer.flushed(first);
    assertEquals(0, ring.usedRows());
  }

  /** However many come at once, and though only one thread offers them. */
  @Test
  void whileOneWriterFlushes_theOtherTakesWhatArrives() throws Exception {
    offer(BATCH_ROWS);
    gatherer.gather(first, PATIENCE); // and goes on flushing
    AtomicInteger rows = new AtomicInteger();
    Thread other =
        new Thread(
            () -> {
              while (rows.get() < 20 * BATCH_ROWS) {
                if (gatherer.gather(second, PATIENCE) != null) {
                  rows.addAndGet(second.rows());
                  gatherer.flushed(second);
                }
              }
            });
    other.start();
    for (int i = 0; i < 20; i++) {
      offer(BATCH_ROWS);
    }
    other.join();
    assertEquals(20 * BATCH_ROWS, rows.get());
    assertEquals(BATCH_ROWS, first.rows());
  }

  /** Nobody who could collect sleeps while a request waits. */
  @Test
  void manyWriters_takeEverythingOnce() throws Exception {
    int writers = 4;
    int requests = 20_000;
    AtomicInteger taken = new AtomicInteger();
    Thread[] threads = new Thread[writers];
    for (int i = 0; i < writers; i++) {
      Gathered gathered = new Gathered(ring.newConsumer(), new Unsettled());
      threads[i] =
          new Thread(
              () -> {
                while (taken.get() < requests) {
                  if (gatherer.gather(gathered, TimeUnit.MILLISECONDS.toNanos(100)) != null) {
                    taken.addAndGet(gathered.batches().size());
                    LockSupport.parkNanos(1_000); // the flush
                    gatherer.flushed(gathered);
                  }
                }
              });
      threads[i].start();
    }
    for (int i = 0; i < requests; i++) {
      while (ring.capacityRows() - ring.usedRows() < 1) {
        Thread.onSpinWait();
      }
      offer(1);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(requests, taken.get());
    assertEquals(0, ring.usedRows());
    assertFalse(ring.hasBatches());
  }

  @Test
  void stop_endsAllWaits() throws Exception {
    long forever = Long.MAX_VALUE / 2; // longer than the test may take
    Thread polling = new Thread(() -> gatherer.gather(first, forever));
    Thread standby = new Thread(() -> gatherer.gather(second, forever));
    polling.start();
    standby.start();
    Eventually.await(
        "both wait",
        () ->
            polling.getState() == Thread.State.TIMED_WAITING
                && standby.getState() == Thread.State.TIMED_WAITING);
    gatherer.stop();
    polling.join();
    standby.join();
  }
}
