package attolytics.flush;

import attolytics.buffer.NanoClock;
import attolytics.buffer.Ring;
import attolytics.metrics.FlushTrigger;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Collects the requests of the next flush. The writers share it: while some flush, one collects, so
 * that the requests of a burst go to the writers that are free, however they arrived. Thread-safe.
 *
 * <pre>
 *   standby ──► collects ──► flushes ──┐      one writer at a time collects;
 *      ▲           ▲                   │      a writer on standby is called by the first request
 *      └───────────┴───────────────────┘      that arrives while nobody collects
 * </pre>
 *
 * <p>With little load all requests arrive while nobody flushes, and the same writer serves them
 * all. A second transaction beside another costs PostgreSQL more than the rows themselves as long
 * as both are small, so a writer waits for the end of the other's flush until it has enough rows.
 */
final class Gatherer {
  /** As many rows are worth a transaction beside another one. */
  static final int ENOUGH_BESIDE_OTHERS = 250;

  /** How often the collector looks for more requests while another writer flushes. */
  private static final long SLICE_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

  private final Ring ring;
  private final Thresholds thresholds;
  private final ReentrantLock turn = new ReentrantLock();
  private final ConcurrentLinkedDeque<Thread> standby = new ConcurrentLinkedDeque<>();
  private final AtomicInteger flushing = new AtomicInteger();
  private final NanoClock clock;
  private final Linger linger; // of the one who collects
  private volatile @Nullable Thread collector;
  private volatile boolean stopping;

  /**
   * @param clock the ring's
   */
  Gatherer(Ring ring, Thresholds thresholds, NanoClock clock) {
    this.ring = ring;
    this.thresholds = thresholds;
    this.clock = clock;
    this.linger = new Linger(clock.nanoTime());
  }

  /** Ends all waits for requests, now and later. Any thread. */
  void stop() {
    stopping = true;
    ring.wake();
    standby.forEach(clock::unpark);
  }

  /**
   * Collects requests until it is time to flush them. Unless this returns null, {@link #flushed}
   * has to follow.
   *
   * @return why it is time, or null if no request came within the time
   */
  @Nullable FlushTrigger gather(Gathered into, long timeoutNanos) {
    long deadline = clock.nanoTime() + timeoutNanos;
    if (!awaitTurn(deadline)) {
      return null;
    }
    collector = Thread.currentThread();
    try {
      FlushTrigger trigger = collect(into, deadline);
      if (trigger != null) {
        flushing.incrementAndGet();
      }
      return trigger;
    } finally {
      collector = null;
      endTurn();
    }
  }

  /** Notes that what was gathered is settled or deferred, and forgets it. */
  void flushed(Gathered gathered) {
    flushing.decrementAndGet();
    gathered.clear();
    clock.unpark(collector);
  }

  private boolean awaitTurn(long deadline) {
    Thread self = Thread.currentThread();
    while (!turn.tryLock()) {
      standby.push(self);
      try {
        if (turn.tryLock()) { // or the one whose turn it was may not have seen this thread
          return true;
        }
        long left = deadline - clock.nanoTime();
        if (left <= 0 || stopping) {
          return false;
        }
        clock.parkNanos(left);
      } finally {
        standby.remove(self);
      }
    }
    return true;
  }

  private void endTurn() {
    Thread next = standby.peek();
    if (next != null) {
      ring.unparkOnOffer(next);
    }
    turn.unlock();
    if (ring.hasBatches()) { // the next may have been called before it could have its turn
      clock.unpark(standby.peek());
    }
  }

  private @Nullable FlushTrigger collect(Gathered into, long deadline) {
    if (!into.take(0) && (stopping || !into.take(Math.max(0, deadline - clock.nanoTime())))) {
      return null;
    }
    takeAvailable(into);
    Duration interval = thresholds.interval();
    FlushTrigger trigger =
        interval == null
            ? linger(into)
            : takeUntil(into, into.firstAcceptedNanos() + interval.toNanos());
    linger.flushed(into.batches().size(), clock.nanoTime());
    if (into.rows() >= thresholds.rows()) {
      return FlushTrigger.ROWS;
    }
    return into.bytes() >= thresholds.bytes() ? FlushTrigger.BYTES : trigger;
  }

  private FlushTrigger takeUntil(Gathered into, long deadline) {
    while (hasRoom(into)) {
      long left = deadline - clock.nanoTime();
      if (left <= 0) {
        break;
      }
      if (stopping) {
        return FlushTrigger.DRAIN;
      }
      into.take(left);
    }
    return FlushTrigger.INTERVAL;
  }

  /** Sleeps instead of polling: so many wake-ups would cost more than is won. */
  private FlushTrigger linger(Gathered into) {
    long deadline = into.firstAcceptedNanos() + Linger.MAX_NANOS;
    while (flushing.get() > 0 && into.rows() < ENOUGH_BESIDE_OTHERS && mayWait(into, deadline)) {
      clock.parkNanos(SLICE_NANOS);
      takeAvailable(into);
    }
    if (into.rows() >= Linger.ENOUGH_ROWS || !linger.isWorthWhile()) {
      return FlushTrigger.IDLE;
    }
    while (into.rows() < Linger.ENOUGH_ROWS && mayWait(into, deadline)) {
      long left = deadline - clock.nanoTime();
      clock.parkNanos(Math.min(left, linger.sliceNanos()));
      if (!takeAvailable(into)) {
        return FlushTrigger.IDLE;
      }
    }
    return FlushTrigger.INTERVAL;
  }

  private boolean mayWait(Gathered into, long deadline) {
    return hasRoom(into) && !stopping && deadline - clock.nanoTime() > 0;
  }

  /** Takes what is there, up to the thresholds, and returns whether that was anything. */
  private boolean takeAvailable(Gathered into) {
    boolean any = false;
    while (hasRoom(into) && into.take(0)) {
      any = true;
    }
    return any;
  }

  private boolean hasRoom(Gathered into) {
    return into.rows() < thresholds.rows() && into.bytes() < thresholds.bytes();
  }
}
