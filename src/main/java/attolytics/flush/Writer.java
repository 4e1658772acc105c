package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.metrics.FlushTrigger;
import attolytics.metrics.Metrics;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

  private static final Logger log = LoggerFactory.getLogger(Writer.class);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long STOPPING_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);

  private final Ring ring;
  private final Budget budget;
  private final Thresholds thresholds;
  private final Flusher flusher;
  private final Metrics metrics;
  private final List<Batch> gathered = new ArrayList<>();
  private int rows;
  private long bytes;
  private volatile boolean stopping;
  private volatile boolean failed;
  private volatile int asideRows;
  private volatile long oldestNanos;

  /**
   * @param ackTimeout how long a request may wait before it is settled as unavailable
   * @param idempotencyTtl how long an Idempotency-Key is remembered
   */
  public Writer(
      Ring ring,
      Budget budget,
      HikariDataSource database,
      Thresholds thresholds,
      Duration ackTimeout,
      Duration idempotencyTtl,
      Metrics metrics) {
    this.ring = ring;
    this.budget = budget;
    this.thresholds = thresholds;
    this.flusher = new Flusher(database, ackTimeout, idempotencyTtl, metrics);
    this.metrics = metrics;
  }

  /** Ends {@link #run} once the ring is empty. Any thread. */
  public void stop() {
    stopping = true;
    ring.wake();
  }

  /**
   * Settles from now on whatever is not committed, without another try: as stopped, or, where a
   * COMMIT is under way, as unknown. Any thread.
   */
  public void abandon() {
    flusher.abandon();
    stop();
  }

  /** Gives up a connection on which the database has been silent for too long. Any thread. */
  public void check() {
    flusher.check();
  }

  /** Whether it is of no use any more, after a failure of its own. Any thread. */
  public boolean failed() {
    return failed;
  }

  /** Rows that are accepted and not yet settled. Any thread. */
  public long pendingRows() {
    return ring.usedRows() + asideRows;
  }

  /** How long the oldest request of the current flush has waited, or 0. Any thread. */
  public Duration oldest() {
    long oldest = oldestNanos;
    return oldest == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - oldest);
  }

  @Override
  public void run() {
    try {
      while (!isDone()) {
        Batch first = ring.poll(stopping ? 0 : Math.min(IDLE_NANOS, flusher.untilAside()));
        if (first != null) {
          flush(first);
        } else if (flusher.untilAside() == 0 || stopping) {
          flushAside();
        }
      }
    } catch (RuntimeException | Error e) {
      failed = true;
      log.error("The writer ends for a reason of our own: restart the service", e);
      throw e;
    }
  }

  private boolean isDone() {
    return stopping && ring.usedRows() == 0 && !flusher.hasAside();
  }

  private void flush(Batch first) {
    oldestNanos = first.acceptedNanos();
    try {
      metrics.flushStarted(gather(first));
      flusher.flush(gathered);
    } finally {
      budget.drained(bytes);
      gathered.clear();
      rows = 0;
      bytes = 0;
      noteAside();
      ring.release();
    }
  }

  private void flushAside() {
    if (flusher.hasAside()) {
      flusher.flushAside(flusher.untilAside() == 0 ? IDLE_NANOS : 0);
      noteAside();
    }
    if (stopping) {
      LockSupport.parkNanos(STOPPING_PAUSE);
    }
  }

  private void noteAside() {
    asideRows = flusher.asideRows();
    oldestNanos = flusher.oldestAside();
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
