package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.Ring;
import attolytics.metrics.FlushTrigger;
import attolytics.metrics.Metrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;

/**
 * The consumer of one ring: gathers whole requests until a flush is worth it, and flushes. Run it
 * on a thread of its own, named {@code writer-n}.
 */
public final class Writer implements Runnable {
  /**
   * When to flush.
   *
   * @param rows at the latest with that many rows
   * @param bytes at the latest with that many encoded bytes
   * @param interval at the latest when the oldest request has waited that long, and, if it is not
   *     zero, not before; zero flushes whatever is there as soon as the last flush is over
   */
  public record Thresholds(int rows, long bytes, Duration interval) {}

  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Ring ring;
  private final Thresholds thresholds;
  private final Flusher flusher;
  private final Metrics metrics;
  private final List<Batch> gathered = new ArrayList<>();
  private int rows;
  private long bytes;
  private volatile boolean stopping;
  private volatile long oldestNanos;

  /**
   * @param ackTimeout how long a request may wait before it is settled as unavailable
   */
  public Writer(
      Ring ring, DataSource database, Thresholds thresholds, Duration ackTimeout, Metrics metrics) {
    this.ring = ring;
    this.thresholds = thresholds;
    this.flusher = new Flusher(database, ackTimeout, metrics);
    this.metrics = metrics;
  }

  /** Ends {@link #run} once the ring is empty. Any thread. */
  public void stop() {
    stopping = true;
    ring.wake();
  }

  /** How long the oldest request of the current flush has waited, or 0. Any thread. */
  public Duration oldest() {
    long oldest = oldestNanos;
    return oldest == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - oldest);
  }

  @Override
  public void run() {
    while (true) {
      Batch first = ring.poll(stopping ? 0 : IDLE_NANOS);
      if (first != null) {
        flush(first);
      } else if (stopping && ring.usedRows() == 0) {
        return;
      }
    }
  }

  private void flush(Batch first) {
    oldestNanos = first.acceptedNanos();
    try {
      metrics.flushStarted(gather(first));
      flusher.flush(gathered);
    } finally {
      gathered.clear();
      rows = 0;
      bytes = 0;
      oldestNanos = 0;
      ring.release();
    }
  }

  /** Takes requests until it is time to flush, and says why it is. */
  private FlushTrigger gather(Batch first) {
    long deadline = first.acceptedNanos() + thresholds.interval().toNanos();
    add(first);
    while (true) {
      if (rows >= thresholds.rows()) {
        return FlushTrigger.ROWS;
      }
      if (bytes >= thresholds.bytes()) {
        return FlushTrigger.BYTES;
      }
      Batch next = ring.poll(0);
      if (next == null) {
        long left = deadline - System.nanoTime();
        if (thresholds.interval().isZero()) {
          return FlushTrigger.IDLE;
        }
        if (left <= 0) {
          return FlushTrigger.INTERVAL;
        }
        if (stopping) {
          return FlushTrigger.DRAIN;
        }
        next = ring.poll(left);
      }
      if (next != null) {
        add(next);
      }
    }
  }

  private void add(Batch batch) {
    gathered.add(batch);
    rows += batch.rowCount();
    bytes += batch.byteCount();
  }
}
