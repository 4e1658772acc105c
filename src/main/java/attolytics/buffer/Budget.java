package attolytics.buffer;

import java.util.concurrent.atomic.AtomicLong;

/** Bounds the bytes of requests that are being read or wait for their commit. Thread-safe. */
public final class Budget {
  private final long capacity;
  private final AtomicLong used = new AtomicLong();

  /**
   * @param capacity bytes
   */
  public Budget(long capacity) {
    this.capacity = capacity;
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
    return true;
  }

  /** Gives back what {@link #tryReserve} took. */
  public void release(long bytes) {
    used.addAndGet(-bytes);
  }

  public long capacity() {
    return capacity;
  }

  /** Bytes taken now. */
  public long used() {
    return used.get();
  }
}
