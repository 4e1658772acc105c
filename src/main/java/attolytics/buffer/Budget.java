package attolytics.buffer;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the bytes of requests that are being read or wait for their commit, and knows how fast
 * they become fewer. Thread-safe.
 */
public final class Budget {
  /** The past of the drain rate fades with this time constant. */
  private static final double FADE_SECONDS = 3;

  private static final int MAX_RETRY_AFTER = 30;

  /**
   * The rate is measured while more than this part is taken: with less, it is the requests that set
   * the pace and not the database.
   */
  private static final int BACKLOG_PART = 16;

  private final long capacity;
  private final @Nullable Budget whole;
  private final LongSupplier nanoClock;
  private final AtomicLong used = new AtomicLong();
  private final long backlog;
  private volatile long backlogSince;
  private volatile long busySince; // since when anything at all is here

  // Both weighed by their age, by a clock that stands still while there is no backlog.
  private double drainedBytes;
  private double measuredSeconds;
  private long fadedAt;
  private long drainedAt;

  /**
   * @param capacity bytes
   */
  public Budget(long capacity) {
    this(capacity, System::nanoTime);
  }

  /** Does so with another clock, which counts nanoseconds. */
  Budget(long capacity, LongSupplier nanoClock) {
    this(capacity, null, nanoClock);
  }

  private Budget(long capacity, @Nullable Budget whole, LongSupplier nanoClock) {
    this.capacity = capacity;
    this.whole = whole;
    this.nanoClock = nanoClock;
    this.backlog = capacity / BACKLOG_PART;
    this.fadedAt = nanoClock.getAsLong();
    this.backlogSince = fadedAt;
    this.busySince = fadedAt;
    this.drainedAt = fadedAt;
  }

  /** A budget for one use, whose bytes are taken from this one as well. */
  public Budget part(long partCapacity) {
    return new Budget(partCapacity, this, nanoClock);
  }

  /** Takes that many bytes, or none and returns false if they do not fit. */
  public boolean tryReserve(long bytes) {
    long before;
    do {
      before = used.get();
      if (before + bytes > capacity) {
        return false;
      }
    } while (!used.compareAndSet(before, before + bytes));
    if (before == 0) {
      busySince = nanoClock.getAsLong();
    }
    if (before <= backlog && before + bytes > backlog) {
      backlogSince = nanoClock.getAsLong();
    }
    if (whole == null || whole.tryReserve(bytes)) {
      return true;
    }
    used.addAndGet(-bytes);
    return false;
  }

  /** Gives back what {@link #tryReserve} took. */
  public void release(long bytes) {
    used.addAndGet(-bytes);
    if (whole != null) {
      whole.release(bytes);
    }
  }

  /**
   * Notes that the database has decided about a request that held so much. What was given up for
   * want of time is no progress, and not told here.
   */
  public synchronized void drained(long bytes) {
    drainedAt = nanoClock.getAsLong();
    if (used.get() > backlog) {
      fade();
      drainedBytes += bytes;
    }
  }

  /** How many seconds it takes to drain what is here now, at the pace of the last seconds. */
  public synchronized int retryAfterSeconds() {
    if (used.get() > backlog) {
      fade();
    }
    double atThisPace = drainedBytes < 1 ? 0 : used.get() * measuredSeconds / drainedBytes;
    // What has not moved for so long will hardly have drained in less.
    double seconds = Math.max(atThisPace, stalledSeconds());
    return (int) Math.max(1, Math.min(MAX_RETRY_AFTER, Math.ceil(seconds)));
  }

  private double stalledSeconds() {
    long since = busySince;
    long from = since - drainedAt > 0 ? since : drainedAt;
    return Math.max(0, nanoClock.getAsLong() - from) / 1e9;
  }

  private void fade() {
    long now = nanoClock.getAsLong();
    long since = backlogSince;
    long from = since - fadedAt > 0 ? since : fadedAt;
    double seconds = Math.max(0, now - from) / 1e9;
    double kept = Math.exp(-seconds / FADE_SECONDS);
    drainedBytes *= kept;
    measuredSeconds = measuredSeconds * kept + FADE_SECONDS * (1 - kept);
    fadedAt = now;
  }

  public long capacity() {
    return capacity;
  }

  /** Bytes taken now. */
  public long used() {
    return used.get();
  }
}
