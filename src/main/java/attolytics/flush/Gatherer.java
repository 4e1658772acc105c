package attolytics.flush;

import attolytics.buffer.NanoClock;
import attolytics.buffer.Ring;
import attolytics.metrics.FlushTrigger;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedDeque;
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
 * all. {@link FlushTiming} decides when what is collected is flushed.
 */
final class Gatherer {
  private final Ring ring;
  private final Thresholds thresholds;
  private final ReentrantLock turn = new ReentrantLock();
  private final ConcurrentLinkedDeque<Thread> standby = new ConcurrentLinkedDeque<>();
  private final AtomicInteger flushing = new AtomicInteger();
  private final NanoClock clock;
  private final FlushTiming timing; // of the one who collects
  private volatile @Nullable Thread collector;
  private volatile boolean stopping;

  /**
   * @param clock the ring's
   */
  Gatherer(Ring ring, Thresholds thresholds, NanoClock clock) {
    this.ring = ring;
    this.thresholds = thresholds;
    this.clock = clock;
    this.timing = new FlushTiming(clock.nanoTime());
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
    while (!turn.tryLock()) {
      if (!standBy(deadline)) {
        return turn.tryLock(); // it may be this thread that the next request calls
      }
    }
    return true;
  }

  /** Waits for a call, and may return without one; false if the time is over, or on a stop. */
  private boolean standBy(long deadline) {
    Thread self = Thread.currentThread();
    standby.push(self);
    try {
      if (!turn.isLocked()) { // the one whose turn it was may not have seen this thread
        return true;
      }
      long left = deadline - clock.nanoTime();
      if (left <= 0 || stopping) {
        return false;
      }
      clock.parkNanos(left);
      return true;
    } finally {
      standby.remove(self);
    }
  }

  private void endTurn() {
    Thread next = standby.peek();
    if (next != null) {
      ring.unparkOnOffer(next);
    }
    turn.unlock();
    // Until now, a thread that was called could not have its turn, one that left did not take it,
    // and one may have come after peek: now or by the next request, one has to be called.
    Thread waiting = standby.peek();
    if (waiting != null && !ring.isToUnpark(waiting)) {
      clock.unpark(waiting);
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
            ? delay(into)
            : takeUntil(into, into.firstAcceptedNanos() + interval.toNanos());
    timing.flushed(into.batches().size(), clock.nanoTime());
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
  private FlushTrigger delay(Gathered into) {
    awaitOtherFlushes(into);
    if (FlushTiming.isWorthWhile(into.batches().size())) {
      return FlushTrigger.IDLE;
    }
    long nanos;
    while ((nanos = timing.delayNanos(into.rows(), waitedNanos(into))) > 0 && mayWait(into)) {
      clock.parkNanos(nanos);
      if (!takeAvailable(into)) {
        return FlushTrigger.IDLE;
      }
    }
    return waitedNanos(into) < FlushTiming.MAX_NANOS ? FlushTrigger.IDLE : FlushTrigger.INTERVAL;
  }

  private void awaitOtherFlushes(Gathered into) {
    long nanos;
    while (flushing.get() > 0
        && (nanos = FlushTiming.besideOthersNanos(into.rows(), waitedNanos(into))) > 0
        && mayWait(into)) {
      clock.parkNanos(nanos); // or until one of them has finished
      takeAvailable(into);
    }
  }

  private long waitedNanos(Gathered into) {
    return clock.nanoTime() - into.firstAcceptedNanos();
  }

  private boolean mayWait(Gathered into) {
    return hasRoom(into) && !stopping;
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
