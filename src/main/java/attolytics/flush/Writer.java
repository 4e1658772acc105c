package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import attolytics.buffer.Ring;
import attolytics.metrics.FlushTrigger;
import attolytics.metrics.Metrics;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
   * @param interval when the oldest request has waited that long, and not before; null: as soon as
   *     the last flush is over, or a little later if that gathers many more
   */
  public record Thresholds(int rows, long bytes, @Nullable Duration interval) {}

  private static final Logger log = LoggerFactory.getLogger(Writer.class);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long STOPPING_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long FAILURE_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

  private final Ring ring;
  private final Thresholds thresholds;
  private final Flusher flusher;
  private final Metrics metrics;
  private final NanoClock clock;
  private final Linger linger;
  private final Stopwatch busy;
  private final List<Batch> gathered = new ArrayList<>();
  private final Unsettled unsettled = new Unsettled();
  private int rows;
  private long bytes;
  private volatile boolean stopping;
  private volatile boolean failed;
  private volatile boolean ended;
  private volatile int asideRows;
  private volatile long oldestNanos;

  /**
   * @param lookup how the outcome of a COMMIT is learnt whose answer was lost
   * @param ackTimeout how long a request may wait before it is settled as unavailable
   * @param idempotencyTtl how long an Idempotency-Key is remembered
   */
  public Writer(
      Ring ring,
      HikariDataSource database,
      OutcomeLookup lookup,
      Thresholds thresholds,
      Duration ackTimeout,
      Duration idempotencyTtl,
      Metrics metrics) {
    this(
        ring,
        new JdbcFlushDatabase(database, lookup, idempotencyTtl, NanoClock.SYSTEM),
        thresholds,
        ackTimeout,
        metrics,
        NanoClock.SYSTEM);
  }

  /** With a database and a clock that may be models; the ring's clock should be the same. */
  Writer(
      Ring ring,
      FlushDatabase database,
      Thresholds thresholds,
      Duration ackTimeout,
      Metrics metrics,
      NanoClock clock) {
    this.ring = ring;
    this.thresholds = thresholds;
    this.flusher = new Flusher(database, ackTimeout, metrics, clock);
    this.metrics = metrics;
    this.clock = clock;
    this.linger = new Linger(clock.nanoTime());
    this.busy = new Stopwatch(clock);
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

  /** Whether a failure of its own was the last that came of it. Any thread. */
  public boolean failed() {
    return failed;
  }

  /** For how long it has given no sign of life; none if it has come to its end. Any thread. */
  public Duration silence() {
    long nanos = ended ? 0 : clock.nanoTime() - flusher.signOfLife();
    return Duration.ofNanos(Math.max(0, nanos));
  }

  /** How long it has been flushing, all in all, and not waiting for requests. Any thread. */
  public Duration busy() {
    return busy.total();
  }

  /** Rows that are accepted and not yet settled. Any thread. */
  public long pendingRows() {
    return ring.usedRows() + asideRows;
  }

  /** How long the oldest request of the current flush has waited, or 0. Any thread. */
  public Duration oldest() {
    long oldest = oldestNanos;
    return oldest == 0 ? Duration.ZERO : Duration.ofNanos(clock.nanoTime() - oldest);
  }

  @Override
  public void run() {
    while (!isDone()) {
      try {
        turn();
        failed = false;
      } catch (RuntimeException | Error e) {
        failed(e);
      }
    }
    ended = true;
  }

  private void turn() {
    flusher.beat();
    Batch first = take(0);
    if (first == null && !stopping) {
      first = take(Math.min(IDLE_NANOS, flusher.untilAside()));
    }
    if (first != null) {
      flush(first);
    } else if (flusher.untilAside() == 0 || stopping) {
      flushAside();
    }
    if (flusher.hasAside()) {
      unsettled.forgetSettled();
    } else {
      unsettled.clear();
    }
  }

  /** Nobody may wait for ever, and the next request may be luckier: memory may be there again. */
  private void failed(Throwable e) {
    failed = true;
    flusher.forget();
    unsettled.settle(Outcome.UNKNOWN);
    try {
      log.error("A writer failed for a reason of our own; its requests learn that nobody knows", e);
    } catch (RuntimeException | Error again) {
      // That it failed is told by the readiness, too.
    }
    clock.parkNanos(FAILURE_PAUSE);
  }

  private @Nullable Batch take(long timeoutNanos) {
    unsettled.makeRoom();
    Batch batch = ring.poll(timeoutNanos);
    if (batch != null) {
      unsettled.add(batch);
    }
    return batch;
  }

  private boolean isDone() {
    return stopping && ring.usedRows() == 0 && !flusher.hasAside();
  }

  private void flush(Batch first) {
    oldestNanos = first.acceptedNanos();
    try {
      metrics.flushStarted(gather(first));
      linger.flushed(gathered.size(), clock.nanoTime());
      busy.start();
      flusher.flush(gathered);
    } finally {
      busy.stop();
      gathered.clear();
      rows = 0;
      bytes = 0;
      noteAside();
      ring.release();
    }
  }

  private void flushAside() {
    if (flusher.hasAside()) {
      busy.start();
      flusher.flushAside(flusher.untilAside() == 0 ? IDLE_NANOS : 0);
      busy.stop();
      noteAside();
    }
    if (stopping) {
      clock.parkNanos(STOPPING_PAUSE);
    }
  }

  private void noteAside() {
    asideRows = flusher.asideRows();
    oldestNanos = flusher.oldestAside();
  }

  /** Takes requests until it is time to flush, and says why it is. */
  private FlushTrigger gather(Batch first) {
    add(first);
    takeAvailable();
    Duration interval = thresholds.interval();
    FlushTrigger trigger =
        interval == null
            ? linger(first.acceptedNanos() + Linger.MAX_NANOS)
            : gatherUntil(first.acceptedNanos() + interval.toNanos());
    if (rows >= thresholds.rows()) {
      return FlushTrigger.ROWS;
    }
    return bytes >= thresholds.bytes() ? FlushTrigger.BYTES : trigger;
  }

  private FlushTrigger gatherUntil(long deadline) {
    while (hasRoom()) {
      long left = deadline - clock.nanoTime();
      if (left <= 0) {
        return FlushTrigger.INTERVAL;
      }
      if (stopping) {
        return FlushTrigger.DRAIN;
      }
      Batch next = take(left);
      if (next != null) {
        add(next);
      }
    }
    return FlushTrigger.INTERVAL;
  }

  /** Sleeps instead of polling: so many wake-ups would cost more than is won. */
  private FlushTrigger linger(long deadline) {
    if (rows >= Linger.ENOUGH_ROWS || !linger.isWorthWhile()) {
      return FlushTrigger.IDLE;
    }
    while (hasRoom() && rows < Linger.ENOUGH_ROWS && !stopping) {
      long left = deadline - clock.nanoTime();
      if (left <= 0) {
        break;
      }
      clock.parkNanos(Math.min(left, linger.sliceNanos()));
      if (takeAvailable() == 0) {
        return FlushTrigger.IDLE;
      }
    }
    return FlushTrigger.INTERVAL;
  }

  /** Takes what is there, up to the thresholds, and returns how many requests that were. */
  private int takeAvailable() {
    int before = gathered.size();
    while (hasRoom()) {
      Batch next = take(0);
      if (next == null) {
        break;
      }
      add(next);
    }
    return gathered.size() - before;
  }

  private boolean hasRoom() {
    return rows < thresholds.rows() && bytes < thresholds.bytes();
  }

  private void add(Batch batch) {
    gathered.add(batch);
    rows += batch.rowCount();
    bytes += batch.byteCount();
  }
}
