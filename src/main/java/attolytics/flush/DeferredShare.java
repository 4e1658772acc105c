package attolytics.flush;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of the buffer deferred requests may take, in all writers together: what is left serves
 * the requests that need not wait. Thread-safe.
 *
 * <p>A writer gives up what exceeds the share, but may keep a third of an equal part of it: else
 * one would have to refuse its few requests, as another has many and has not looked yet. Until that
 * one looks, all may have up to four thirds of the share, which is less than the buffer.
 */
final class DeferredShare {
  private final long maxBytes;
  private final long minOfWriter;
  private final AtomicLong bytes = new AtomicLong();

  /**
   * @param maxBytes of all writers
   */
  DeferredShare(long maxBytes, int writers) {
    this.maxBytes = maxBytes;
    this.minOfWriter = maxBytes / 3 / writers;
  }

  /**
   * Replaces what the requests of one writer take.
   *
   * @return how many bytes the writer has to give up; 0 or less if none
   */
  long replace(long before, long now) {
    long excess = bytes.addAndGet(now - before) - maxBytes;
    return Math.min(excess, now - minOfWriter);
  }
}
