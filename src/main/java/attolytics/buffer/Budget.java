package attolytics.buffer;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Limits the bytes of requests that are not answered yet, and measures how fast the database drains
 * them. Thread-safe.
 */
public final class Budget {
  /** Time constant of the moving average of the drain rate. */
  private static final double FADE_SECONDS = 3;

  private static final int MAX_RETRY_AFTER = 30;

  /**
   * The rate is measured while more than this part of the capacity is reserved. With less, it would
   * be the rate of requests and not that of the database.
   */
  private static final int BACKLOG_PART = 16;

  private final long capacity;
  private final @Nullable Budget whole;
  private final LongSupplier nanoClock;
  private final AtomicLong used = new AtomicLong();
  private final long backlog;
  private volatile long backlogSince;
  private volatile long busySince; // since when any bytes are reserved

  // Both are weighted by age. The clock of the age stops while there is no backlog.
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

  /** A budget whose bytes are reserved in this one as well. */
  public Budget part(long partCapacity) {
    return new Budget(partCapacity, this, nanoClock);
  }

  /** Reserves bytes; false, with nothing changed, if they exceed the capacity. */
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

  /** Releases bytes that {@link #tryReserve} reserved. */
  public void release(long bytes) {
    used.addAndGet(-bytes);
    if (whole != null) {
      whole.release(bytes);
    }
  }

  /**
   * Records that the database has decided on a request. Not for requests that have timed out, which
   * are no progress.
   *
   * @param bytes that the request had reserved
   */
  public synchronized void drained(long bytes) {
    drainedAt = nanoClock.getAsLong();
    if (used.get() > backlog) {
      fade();
      drainedBytes += bytes;
    }
  }

  /** Seconds until the bytes that are reserved now are drained, at the current rate. */
  public synchronized int retryAfterSeconds() {
    if (used.get() > backlog) {
      fade();
    }
    double atCurrentRate = drainedBytes < 1 ? 0 : used.get() * measuredSeconds / drainedBytes;
    // If nothing has been drained for some time, the measured rate is too optimistic.
    double seconds = Math.max(atCurrentRate, stalledSeconds());
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

  /** Bytes that are reserved. */
  public long used() {
    return used.get();
  }
}
