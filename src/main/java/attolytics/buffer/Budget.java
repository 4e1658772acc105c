package attolytics.buffer;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the bytes of requests that are being read or wait for their commit, and knows how fast
 * they become fewer. Thread-safe.
 */
public final class Budget {
  /** What it weighs of the drain rate, in seconds: the past fades with this time constant. */
  private static final double FADE_SECONDS = 3;

  private static final int MAX_RETRY_AFTER = 30;

  private final long capacity;
  private final @Nullable Budget whole;
  private final AtomicLong used = new AtomicLong();
  private double faded; // bytes drained, each weighed by its age
  private long fadedAt = System.nanoTime();

  /**
   * @param capacity bytes
   */
  public Budget(long capacity) {
    this(capacity, null);
  }

  private Budget(long capacity, @Nullable Budget whole) {
    this.capacity = capacity;
    this.whole = whole;
  }

  /** A budget for one use, whose bytes are taken from this one as well. */
  public Budget part(long partCapacity) {
    return new Budget(partCapacity, this);
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

  /** Notes that a flush has settled that many bytes. */
  public synchronized void drained(long bytes) {
    fade();
    faded += bytes;
  }

  /** How many seconds it takes to drain what is here now, at the pace of the last seconds. */
  public synchronized int retryAfterSeconds() {
    fade();
    double seconds = used.get() / Math.max(1, faded / FADE_SECONDS);
    return (int) Math.max(1, Math.min(MAX_RETRY_AFTER, Math.ceil(seconds)));
  }

  private void fade() {
    long now = System.nanoTime();
    faded *= Math.exp((fadedAt - now) / (FADE_SECONDS * 1e9));
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
