package attolytics.buffer;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Bounds the bytes of requests that are being read or wait for their commit. Thread-safe. */
public final class Budget {
  private final long capacity;
  private final @Nullable Budget whole;
  private final AtomicLong used = new AtomicLong();

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

  public long capacity() {
    return capacity;
  }

  /** Bytes taken now. */
  public long used() {
    return used.get();
  }
}
