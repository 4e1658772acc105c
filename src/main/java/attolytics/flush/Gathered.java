package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.Ring;
import java.util.ArrayList;
import java.util.List;

/** The requests that one writer has taken for its next flush. Used by that writer's thread. */
final class Gathered {
  private final Ring.Consumer consumer;
  private final Unsettled unsettled;
  private final List<Batch> batches = new ArrayList<>();
  private int rows;
  private long bytes;

  /**
   * @param unsettled is told of each request that is taken
   */
  Gathered(Ring.Consumer consumer, Unsettled unsettled) {
    this.consumer = consumer;
    this.unsettled = unsettled;
  }

  /** Takes the next request, and returns false if there is none within the time. */
  boolean take(long timeoutNanos) {
    unsettled.makeRoom();
    Batch batch = consumer.poll(timeoutNanos);
    if (batch == null) {
      return false;
    }
    unsettled.add(batch);
    batches.add(batch);
    rows += batch.rowCount();
    bytes += batch.byteCount();
    return true;
  }

  /** In the order in which they were accepted. */
  List<Batch> batches() {
    return batches;
  }

  int rows() {
    return rows;
  }

  long bytes() {
    return bytes;
  }

  /** When the first of them was accepted, by {@link System#nanoTime()}. */
  long firstAcceptedNanos() {
    return batches.get(0).acceptedNanos();
  }

  /** Forgets them, and frees their places in the ring. */
  void clear() {
    batches.clear();
    rows = 0;
    bytes = 0;
    consumer.release();
  }
}
