package attolytics.flush;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of the buffer deferred requests may take, in all writers together: what is left serves
 * the requests that need not wait. Thread-safe.
 */
final class DeferredShare {
  private final long maxBytes;
  private final long partOfWriter;
  private final AtomicLong bytes = new AtomicLong();

  /**
   * @param maxBytes of all writers
   */
  DeferredShare(long maxBytes, int writers) {
    this.maxBytes = maxBytes;
    this.partOfWriter = maxBytes / writers;
  }

  /**
   * Replaces what the requests of one writer take.
   *
   * @return how many bytes the writer has to give up: as all exceed the share, and it has more than
   *     an equal part of it; 0 or less if none
   */
  long replace(long before, long now) {
    long excess = bytes.addAndGet(now - before) - maxBytes;
    return Math.min(excess, now - partOfWriter);
  }
}
