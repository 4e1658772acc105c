package attolytics.flush;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of the buffer deferred requests may take, in all writers together: what is left serves
 * the requests that need not wait. Thread-safe.
 */
final class DeferredShare {
  private final long maxBytes;
  private final AtomicLong bytes = new AtomicLong();

  DeferredShare(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * Replaces what the requests of one writer take.
   *
   * @return by how many bytes all exceed the share; not positive if they do not
   */
  long replace(long before, long now) {
    return bytes.addAndGet(now - before) - maxBytes;
  }
}
