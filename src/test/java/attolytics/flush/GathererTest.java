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
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Writers that share what is offered to one ring. */
@Timeout(300)
class GathererTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);
  private static final int BATCH_ROWS = 10;
  private static final Duration MILLISECOND = Duration.ofMillis(1);

  private static final long FOREVER = Long.MAX_VALUE / 2; // longer than a test may take

  /** How many threads have gone to sleep. */
  private final AtomicInteger parked = new AtomicInteger();

  private final NanoClock counting =
      new NanoClock() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void parkNanos(long nanos) {
          parked.incrementAndGet();
          LockSupport.parkNanos(nanos);
        }
      };

  private final Ring ring = new Ring(1 << 14, counting);
  private final Gatherer gatherer =
      new Gatherer(ring, new Thresholds(1000, 1 << 20, null), counting);
  private final Gathered first = new Gathered(ring.newConsumer(), new Unsettled());
  private final Gathered second = new Gathered(ring.newConsumer(), new Unsettled());

  private void offer(int rows) {
    offer(rows, NanoClock.SYSTEM);
  }

  private void offer(int rows, NanoClock clock) {
    assertTrue(ring.offer(batch(rows, clock)));
  }

  private static Batch batch(int rows, NanoClock clock) {
    Batch batch = new Batch(1 << 16);
    for (int i = 0; i < rows; i++) {
      batch.rows().putShort(0);
      batch.endRow(Batches.T);
    }
    batch.accept(outcome -> {}, clock.nanoTime());
    return batch;
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
    assertEquals(List.of(Thread.currentThread()), clock.unparked);
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

  /** A ring and those who collect from it, on a clock that only waiting moves. */
  private static final class OnFakeTime {
    private final FakeClock clock = new FakeClock();
    private final Ring ring = new Ring(1 << 14, clock);
    private final Gathered gathered = new Gathered(ring.newConsumer(), new Unsettled());
    private final Gatherer gatherer;
    private final long start = clock.nanoTime();

    private OnFakeTime(int rows, long bytes, @Nullable Duration interval) {
      gatherer = new Gatherer(ring, new Thresholds(rows, bytes, interval), clock);
    }

    private void offerNow(int requests) {
      for (int i = 0; i < requests; i++) {
        assertTrue(ring.offer(batch(1, clock)));
      }
    }

    private void offerAfter(Duration delay, int rows) {
      clock.at(delay, () -> assertTrue(ring.offer(batch(rows, clock))));
    }

    private @Nullable FlushTrigger gather(Duration timeout) {
      return gatherer.gather(gathered, timeout.toNanos());
    }

    private void assertElapsed(Duration expected) {
      assertEquals(expected, Duration.ofNanos(clock.nanoTime() - start));
    }
  }

  @Test
  void gather_withoutRequests_takesAllItsTime() {
    OnFakeTime time = new OnFakeTime(1000, 1 << 20, null);
    assertNull(time.gather(MILLISECOND.multipliedBy(7)));
    time.assertElapsed(MILLISECOND.multipliedBy(7));
    time.offerAfter(MILLISECOND, 1);
    assertEquals(FlushTrigger.IDLE, time.gather(MILLISECOND.multipliedBy(7)));
    time.assertElapsed(MILLISECOND.multipliedBy(8));
  }

  @Test
  void interval_isCountedFromTheFirstRequest() {
    OnFakeTime time = new OnFakeTime(1000, 1 << 20, MILLISECOND.multipliedBy(5));
    time.offerAfter(MILLISECOND, 1);
    time.offerAfter(MILLISECOND.multipliedBy(4), 1);
    assertEquals(FlushTrigger.INTERVAL, time.gather(Duration.ofSeconds(1)));
    time.assertElapsed(MILLISECOND.multipliedBy(6));
    assertEquals(2, time.gathered.rows());
  }

  @Test
  void interval_endsEarly_atTheThreshold() {
    OnFakeTime time = new OnFakeTime(10, 1 << 20, MILLISECOND.multipliedBy(5));
    time.offerAfter(MILLISECOND, 1);
    time.offerAfter(MILLISECOND.multipliedBy(2), 9);
    time.offerAfter(MILLISECOND.multipliedBy(2), 1);
    assertEquals(FlushTrigger.ROWS, time.gather(Duration.ofSeconds(1)));
    time.assertElapsed(MILLISECOND.multipliedBy(2));
    assertEquals(10, time.gathered.rows());
  }

  @Test
  void interval_endsEarly_whenTheServiceStops() {
    OnFakeTime time = new OnFakeTime(1000, 1 << 20, MILLISECOND.multipliedBy(5));
    time.offerAfter(MILLISECOND, 1);
    time.clock.at(MILLISECOND.multipliedBy(3), time.gatherer::stop);
    assertEquals(FlushTrigger.DRAIN, time.gather(Duration.ofSeconds(1)));
    time.assertElapsed(MILLISECOND.multipliedBy(3));
  }

  @Test
  void bytes_haveAThreshold_too() {
    OnFakeTime time = new OnFakeTime(1000, 20, null);
    time.offerAfter(Duration.ZERO, 9);
    time.offerAfter(Duration.ZERO, 1);
    time.offerAfter(Duration.ZERO, 1);
    assertEquals(FlushTrigger.BYTES, time.gather(MILLISECOND));
    assertEquals(20, time.gathered.bytes());
    assertEquals(10, time.gathered.rows());
  }

  @Test
  void gather_afterTheStop_takesWhatIsThere_andDoesNotWait() {
    OnFakeTime time = new OnFakeTime(1000, 1 << 20, null);
    time.gatherer.stop();
    assertNull(time.gather(Duration.ofSeconds(1)));
    time.assertElapsed(Duration.ZERO);
    time.ring.offer(batch(3, time.clock));
    assertNotNull(time.gather(Duration.ofSeconds(1)));
    assertEquals(3, time.gathered.rows());
    assertEquals(time.start, time.gathered.firstAcceptedNanos());
    time.assertElapsed(Duration.ZERO);
  }

  @Test
  void gathered_isEmptyAfterTheFlush() {
    OnFakeTime time = new OnFakeTime(1000, 1 << 20, null);
    time.ring.offer(batch(3, time.clock));
    assertNotNull(time.gather(Duration.ZERO));
    assertEquals(6, time.gathered.bytes());
    time.gatherer.flushed(time.gathered);
    assertEquals(0, time.gathered.rows());
    assertEquals(0, time.gathered.bytes());
    assertEquals(List.of(), time.gathered.batches());
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
                  if (gatherer.gather(gathered, FOREVER) != null) {
                    taken.addAndGet(gathered.batches().size());
                    LockSupport.parkNanos(1_000); // the flush
                    gatherer.flushed(gathered);
                  }
                }
              });
      threads[i].setDaemon(true); // a lost call would leave it asleep
      threads[i].start();
    }
    for (int i = 0; i < requests; i++) {
      while (ring.capacityRows() - ring.usedRows() < 1 && !Thread.currentThread().isInterrupted()) {
        Thread.onSpinWait();
      }
      offer(1);
    }
    Eventually.await("all are taken", () -> taken.get() == requests);
    gatherer.stop();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(0, ring.usedRows());
    assertFalse(ring.hasBatches());
  }

  @Test
  void writerOnStandby_isCalledByTheNextRequest() throws Exception {
    FutureTask<FlushTrigger> collecting = start(() -> gatherer.gather(first, FOREVER));
    FutureTask<FlushTrigger> standby = start(() -> gatherer.gather(second, FOREVER));
    Eventually.await("both wait", () -> parked.get() >= 2);
    offer(1);
    Eventually.await("one of them flushes", () -> collecting.isDone() || standby.isDone());
    offer(1);
    assertNotNull(collecting.get());
    assertNotNull(standby.get());
  }

  /** Called while the one who collected still has the turn, it finds that and sleeps again. */
  @Test
  void writerOnStandby_thatWasCalledTooEarly_isCalledAgain() throws Exception {
    EarlyCalls clock = new EarlyCalls();
    Ring shared = new Ring(1 << 14, clock);
    Gatherer onEarlyCalls = new Gatherer(shared, new Thresholds(1, 1 << 20, null), clock);
    Gathered one = new Gathered(shared.newConsumer(), new Unsettled());
    Gathered other = new Gathered(shared.newConsumer(), new Unsettled());
    FutureTask<FlushTrigger> collecting = start(() -> onEarlyCalls.gather(one, FOREVER));
    Eventually.await("it waits", () -> clock.parks.get() >= 1);
    FutureTask<FlushTrigger> standby = start(() -> onEarlyCalls.gather(other, FOREVER));
    Eventually.await("both wait", () -> clock.parks.get() >= 2);
    clock.isDeaf = true;
    assertTrue(shared.offer(batch(1, clock)));
    assertTrue(shared.offer(batch(1, clock)));
    clock.isDeaf = false;
    LockSupport.unpark(clock.firstParked);
    assertNotNull(collecting.get());
    assertNotNull(standby.get());
  }

  /** It may be the one that is called, and would keep the call from the others. */
  @Test
  void writerOnStandby_thatLeaves_passesTheCallOn() throws Exception {
    AtomicInteger parks = new AtomicInteger();
    AtomicInteger looks = new AtomicInteger(); // at the clock, by this thread
    Runnable[] leaving = {() -> {}};
    Thread self = Thread.currentThread();
    NanoClock clock =
        new NanoClock() {
          @Override
          public long nanoTime() {
            if (Thread.currentThread() == self && looks.incrementAndGet() == 2) {
              leaving[0].run(); // it is on standby, and has no time left
            }
            return System.nanoTime();
          }

          @Override
          public void parkNanos(long nanos) {
            parks.incrementAndGet();
            LockSupport.parkNanos(nanos);
          }
        };
    Ring shared = new Ring(1 << 14, clock);
    Gatherer onClock = new Gatherer(shared, new Thresholds(1, 1 << 20, null), clock);
    Gathered one = new Gathered(shared.newConsumer(), new Unsettled());
    Gathered other = new Gathered(shared.newConsumer(), new Unsettled());
    Gathered none = new Gathered(shared.newConsumer(), new Unsettled());
    FutureTask<FlushTrigger> collecting = start(() -> onClock.gather(one, FOREVER));
    Eventually.await("it waits", () -> parks.get() >= 1);
    FutureTask<FlushTrigger> standby = start(() -> onClock.gather(other, FOREVER));
    Eventually.await("both wait", () -> parks.get() >= 2);
    leaving[0] =
        () -> {
          assertTrue(shared.offer(batch(1, NanoClock.SYSTEM)));
          while (!collecting.isDone() && !self.isInterrupted()) {
            Thread
                .onSpinWait(); // it has its flush; this thread is to be called by the next request
          }
        };
    looks.set(0);
    assertNull(onClock.gather(none, 0));
    assertTrue(shared.offer(batch(1, NanoClock.SYSTEM)));
    assertNotNull(standby.get(30, TimeUnit.SECONDS));
  }

  /** A clock with which the first call of another thread lasts until that sleeps again. */
  private static final class EarlyCalls implements NanoClock {
    private final AtomicInteger parks = new AtomicInteger();
    private final AtomicBoolean called = new AtomicBoolean();
    private volatile boolean isDeaf;
    private volatile @Nullable Thread firstParked;

    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public void parkNanos(long nanos) {
      if (firstParked == null) {
        firstParked = Thread.currentThread();
      }
      parks.incrementAndGet();
      LockSupport.parkNanos(nanos);
    }

    @Override
    public void unpark(@Nullable Thread thread) {
      if (isDeaf) {
        return;
      }
      int before = parks.get();
      LockSupport.unpark(thread);
      if (called.compareAndSet(false, true)) {
        while (parks.get() == before) {
          Thread.onSpinWait();
        }
      }
    }
  }

  private static FutureTask<FlushTrigger> start(Callable<@Nullable FlushTrigger> gathering) {
    FutureTask<FlushTrigger> task = new FutureTask<>(gathering);
    Thread thread = new Thread(task);
    thread.setDaemon(true); // a lost call would leave it asleep
    thread.start();
    return task;
  }

  @Test
  void stop_endsAllWaits() throws Exception {
    FutureTask<FlushTrigger> polling = start(() -> gatherer.gather(first, FOREVER));
    FutureTask<FlushTrigger> standby = start(() -> gatherer.gather(second, FOREVER));
    Eventually.await("both wait", () -> parked.get() >= 2);
    gatherer.stop();
    assertNull(polling.get());
    assertNull(standby.get());
  }

  /** Twenty requests every ten milliseconds, until it is known that delays pay. */
  private static OnFakeTime delaying() {
    OnFakeTime time = new OnFakeTime(1000, 1 << 20, null);
    for (int i = 0; i < 45; i++) {
      time.clock.advance(FlushTiming.MAX_NANOS);
      time.offerNow(20);
      assertNotNull(time.gather(Duration.ZERO));
      time.gatherer.flushed(time.gathered);
    }
    time.clock.advance(FlushTiming.MAX_NANOS);
    return time;
  }

  @Test
  void delayedFlush_endsWhenNoMoreRequestsCome() {
    OnFakeTime time = delaying();
    long start = time.clock.nanoTime();
    time.offerNow(20);
    assertEquals(FlushTrigger.IDLE, time.gather(Duration.ZERO));
    long millis = TimeUnit.NANOSECONDS.toMillis(time.clock.nanoTime() - start);
    assertEquals(2, millis, "about the time of four requests");
  }

  @Test
  void delayedFlush_takesWhatComes_forTenMilliseconds() {
    OnFakeTime time = delaying();
    long start = time.clock.nanoTime();
    time.offerNow(1);
    for (int i = 1; i < 20; i++) {
      time.offerAfter(MILLISECOND.multipliedBy(i), 1);
    }
    assertEquals(FlushTrigger.INTERVAL, time.gather(Duration.ZERO));
    assertEquals(10 * MILLISECOND.toNanos(), time.clock.nanoTime() - start);
    assertEquals(11, time.gathered.rows());
  }

  @Test
  void flush_isNotDelayed_ifManyRequestsAreThere() {
    OnFakeTime time = delaying();
    long start = time.clock.nanoTime();
    time.offerNow(32);
    assertEquals(FlushTrigger.IDLE, time.gather(Duration.ZERO));
    assertEquals(start, time.clock.nanoTime());
  }

  @Test
  void delayedFlush_endsWithTheService() {
    OnFakeTime time = delaying();
    long start = time.clock.nanoTime();
    time.gatherer.stop();
    time.offerNow(20);
    assertNotNull(time.gather(Duration.ZERO));
    assertEquals(start, time.clock.nanoTime());
  }
}
