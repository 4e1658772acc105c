package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.Ring;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * When requests arrived at a writer: the longer none has, the fewer a slow statement is likely to
 * delay. Used by one thread.
 */
final class Arrivals {
  private final Ring ring;
  private long last;
  private long beforeLast;

  Arrivals(Ring ring, long now) {
    this.ring = ring;
    last = now - TimeUnit.DAYS.toNanos(1); // nothing has arrived yet
    beforeLast = last;
  }

  /** Adds requests that were taken from the ring, in their order. */
  void add(List<Batch> batches) {
    for (int i = Math.max(0, batches.size() - 2); i < batches.size(); i++) {
      beforeLast = last;
      last = batches.get(i).acceptedNanos();
    }
  }

  /** Whether requests wait in the ring. */
  boolean areWaiting() {
    return ring.hasBatches();
  }

  /** How long ago the last other request arrived; 0 while one is in the ring. */
  long quietNanos(Batch batch, long now) {
    if (areWaiting()) {
      return 0;
    }
    return now - (batch.acceptedNanos() == last ? beforeLast : last);
  }
}
