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
 *   standby ──► collects ──► flushes ──┐      one writer at a time collects; {@link FlushTiming}
 *      ▲           ▲                   │      tells when; a writer on standby is called by the
 *      └───────────┴───────────────────┘      offer that makes it worth while
 * </pre>
 *
 * <p>With little load all requests are collected by the same writer, once it has flushed those
 * before them: there is no other thread to wait for.
 */
final class Gatherer {
  /** A writer that waits for its turn. */
  private static final class Standby {
    final Thread thread = Thread.currentThread();

    /** Whether it looks again by itself in time, so that it is called for enough rows only. */
    final boolean isTimed;

    Standby(boolean isTimed) {
      this.isTimed = isTimed;
    }
  }

  private final Ring ring;
  private final Thresholds thresholds;
  private final ReentrantLock turn = new ReentrantLock();
  private final ConcurrentLinkedDeque<Standby> standby = new ConcurrentLinkedDeque<>();
  private final AtomicInteger flushing = new AtomicInteger();
  private final NanoClock clock;
  private final FlushTiming timing; // of the one who collects
  private volatile long lastFlushNanos;
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
    standby.forEach(other -> clock.unpark(other.thread));
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
    try {
      FlushTrigger trigger = collect(into, deadline);
      if (trigger != null) {
        lastFlushNanos = clock.nanoTime();
        flushing.incrementAndGet();
      }
      return trigger;
    } finally {
      endTurn();
    }
  }

  /**
   * Notes that what was gathered is settled or deferred, and forgets it.
   *
   * @param returnsAtOnce whether the caller gathers again now; otherwise another writer has to
   */
  void flushed(Gathered gathered, boolean returnsAtOnce) {
    flushing.decrementAndGet();
    gathered.clear();
    if (!returnsAtOnce && ring.hasBatches()) {
      callStandby();
    }
  }

  /** Returns with the turn, once it is time to collect, or without after the deadline. */
  private boolean awaitTurn(long deadline) {
    while (true) {
      boolean hasTurn = turn.tryLock();
      long wait = untilCollect();
      if (hasTurn && wait == 0) {
        return true;
      }
      long left = deadline - clock.nanoTime();
      if (left <= 0 || stopping) {
        if (hasTurn) {
          endTurn();
        }
        return false;
      }
      waitForTurn(hasTurn, wait == 0 ? left : Math.min(wait, left));
    }
  }

  private void waitForTurn(boolean hasTurn, long nanos) {
    Standby self = new Standby(nanos <= FlushTiming.MAX_NANOS);
    standby.push(self);
    try {
      if (hasTurn) {
        endTurn();
      } else if (turn.tryLock()) { // or the one whose turn it was may not have seen this thread
        endTurn();
      }
      clock.parkNanos(nanos);
    } finally {
      standby.remove(self);
    }
  }

  /** Nanoseconds until it is time to collect, if no more is offered. */
  private long untilCollect() {
    return thresholds.interval() != null || stopping
        ? 0
        : FlushTiming.untilCollect(
            ring.waitingRows(), flushing.get(), clock.nanoTime() - lastFlushNanos);
  }

  private void endTurn() {
    Standby next = standby.peek();
    if (next != null) {
      ring.unparkOnOffer(next.thread, enoughFor(next));
    }
    turn.unlock();
    if (next != null && ring.waitingRows() >= enoughFor(next)) {
      callStandby(); // it may have been called before it could have its turn
    }
  }

  private int enoughFor(Standby next) {
    return next.isTimed && flushing.get() > 0 ? FlushTiming.ENOUGH_BESIDE_OTHERS : 1;
  }

  private void callStandby() {
    Standby next = standby.peek();
    if (next != null) {
      clock.unpark(next.thread);
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
    if (into.batches().size() >= FlushTiming.ENOUGH_ALREADY) {
      return FlushTrigger.IDLE;
    }
    while (hasRoom(into) && !stopping) {
      long waited = clock.nanoTime() - into.firstAcceptedNanos();
      long nanos = timing.delayNanos(into.rows(), waited);
      if (nanos == 0) {
        break;
      }
      clock.parkNanos(nanos);
      if (!takeAvailable(into)) {
        return FlushTrigger.IDLE;
      }
    }
    long waited = clock.nanoTime() - into.firstAcceptedNanos();
    return waited < FlushTiming.MAX_NANOS ? FlushTrigger.IDLE : FlushTrigger.INTERVAL;
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
