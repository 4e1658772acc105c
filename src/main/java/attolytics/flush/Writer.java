package attolytics.flush;

import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import attolytics.buffer.Ring;
import attolytics.flush.transaction.FlushDatabase;
import attolytics.flush.transaction.JdbcFlushDatabase;
import attolytics.flush.transaction.OutcomeLookup;
import attolytics.metrics.FlushTrigger;
import attolytics.metrics.Metrics;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntToLongFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Flushes the requests that a {@link Gatherer} collects. Run it on a thread of its own, named
 * {@code writer-n}.
 */
public final class Writer implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Writer.class);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long STOPPING_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long FAILURE_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

  private final Ring ring;
  private final Gatherer gatherer;
  private final Gathered gathered;
  private final Flusher flusher;
  private final Metrics metrics;
  private final NanoClock clock;
  private final WriterTime time;
  private final Arrivals arrivals;
  private final Unsettled unsettled = new Unsettled();
  private final LongAdder rows = new LongAdder();
  private volatile boolean stopping;
  private volatile boolean failed;
  private volatile boolean ended;
  private volatile int deferredRows;
  private volatile long oldestNanos;
  private volatile Set<String> heldTables = Set.of();

  private Writer(
      Ring ring,
      Gatherer gatherer,
      FlushDatabase database,
      Duration ackTimeout,
      DeferredShare share,
      Metrics metrics,
      OutageLog outages,
      NanoClock clock) {
    this.ring = ring;
    this.gatherer = gatherer;
    this.gathered = new Gathered(ring.newConsumer(), unsettled);
    this.arrivals = new Arrivals(ring, clock.nanoTime());
    this.flusher = new Flusher(database, arrivals, ackTimeout, share, metrics, outages, clock);
    this.metrics = metrics;
    this.clock = clock;
    this.time = flusher.time();
  }

  /**
   * Makes writers that share what is offered to a ring. Before the first offer.
   *
   * @param lookup how the outcome of a COMMIT whose answer was lost is found out
   * @param ackTimeout how long a request may wait before it is settled as unavailable
   * @param maxDeferredBytes what requests may take that cannot be written at once; more get a 503
   * @param idempotencyTtl how long an Idempotency-Key is remembered
   * @param answered how many requests have been answered with a status, 503 or 504, because the
   *     database did not store them
   */
  public static List<Writer> share(
      Ring ring,
      int count,
      HikariDataSource database,
      OutcomeLookup lookup,
      Thresholds thresholds,
      Duration ackTimeout,
      long maxDeferredBytes,
      Duration idempotencyTtl,
      Metrics metrics,
      IntToLongFunction answered) {
    NanoClock clock = NanoClock.SYSTEM;
    Supplier<FlushDatabase> connections =
        () -> new JdbcFlushDatabase(database, lookup, idempotencyTtl, clock);
    return share(
        ring,
        count,
        connections,
        thresholds,
        ackTimeout,
        maxDeferredBytes,
        metrics,
        new OutageLog(clock, answered),
        clock);
  }

  /** With databases, one for each, and a clock that may be models; the ring has the same clock. */
  public static List<Writer> share(
      Ring ring,
      int count,
      Supplier<FlushDatabase> databases,
      Thresholds thresholds,
      Duration ackTimeout,
      long maxDeferredBytes,
      Metrics metrics,
      NanoClock clock) {
    OutageLog outages = new OutageLog(clock, status -> 0);
    return share(
        ring, count, databases, thresholds, ackTimeout, maxDeferredBytes, metrics, outages, clock);
  }

  private static List<Writer> share(
      Ring ring,
      int count,
      Supplier<FlushDatabase> databases,
      Thresholds thresholds,
      Duration ackTimeout,
      long maxDeferredBytes,
      Metrics metrics,
      OutageLog outages,
      NanoClock clock) {
    DeferredShare share = new DeferredShare(maxDeferredBytes, count);
    Gatherer gatherer = new Gatherer(ring, thresholds, clock);
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                new Writer(
                    ring, gatherer, databases.get(), ackTimeout, share, metrics, outages, clock))
        .toList();
  }

  /**
   * Ends {@link #run} once the ring is empty; the other writers of the ring stop, too. Any thread.
   */
  public void stop() {
    stopping = true;
    gatherer.stop();
  }

  /**
   * Settles from now on whatever is not committed, without another attempt: as stopped, or, if a
   * COMMIT is under way, as unknown. Any thread.
   */
  public void abandon() {
    flusher.abandon();
    stop();
  }

  /** Aborts a connection on which the database does not respond in time. Any thread. */
  public void check() {
    flusher.check();
  }

  /** Whether the last thing it did ended with an internal failure. Any thread. */
  public boolean failed() {
    return failed;
  }

  /** How long ago it last made progress; zero once it has ended. Any thread. */
  public Duration silence() {
    long nanos = ended ? 0 : clock.nanoTime() - flusher.signOfLife();
    return Duration.ofNanos(Math.max(0, nanos));
  }

  /** How long it has been writing in total, and not waiting. Any thread. */
  public Duration busy() {
    return time.busy();
  }

  /** How long it has waited in total, with requests, for a database that was away. Any thread. */
  public Duration waiting() {
    return time.waiting();
  }

  /** How many rows it has collected in total. Any thread. */
  public long rows() {
    return rows.sum();
  }

  /** Rows that are deferred, in addition to those in the ring. Any thread. */
  public int deferredRows() {
    return deferredRows;
  }

  /** The tables whose requests wait because they are locked or accept no rows. Any thread. */
  public Set<String> heldTables() {
    return heldTables;
  }

  /** How long the oldest request that it flushes or has deferred has waited, or 0. Any thread. */
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
    FlushTrigger trigger = gatherer.gather(gathered, Math.min(IDLE_NANOS, flusher.untilRetry()));
    if (trigger != null) {
      writeDeferred(flush(trigger));
    } else if (flusher.untilRetry() == 0) {
      writeDeferred(IDLE_NANOS);
    } else {
      writeDeferred(0); // settles what has expired
      if (stopping) {
        clock.parkNanos(STOPPING_PAUSE);
      }
    }
    if (flusher.hasDeferred()) {
      unsettled.forgetSettled();
    } else {
      unsettled.clear();
    }
  }

  /** Answers all requests, and goes on: the next ones may succeed, as memory may be free again. */
  private void failed(Throwable e) {
    failed = true;
    flusher.forget();
    unsettled.settle(Outcome.UNKNOWN);
    gathered.clear();
    deferredRows = 0;
    oldestNanos = 0;
    heldTables = Set.of();
    try {
      log.error("Writer failed; pending requests get 504 (outcome unknown)", e);
    } catch (RuntimeException | Error again) {
      // Readiness reports the failure, too.
    }
    clock.parkNanos(FAILURE_PAUSE);
  }

  private boolean isDone() {
    return stopping && ring.usedRows() == 0 && !flusher.hasDeferred();
  }

  /** Flushes what was gathered, and returns how long that took. */
  private long flush(FlushTrigger trigger) {
    long deferred = flusher.oldestDeferred();
    long first = gathered.firstAcceptedNanos();
    oldestNanos = deferred != 0 && deferred - first < 0 ? deferred : first;
    long start = clock.nanoTime();
    time.start();
    try {
      arrivals.add(gathered.batches());
      rows.add(gathered.rows());
      metrics.flushStarted(trigger);
      flusher.flush(gathered.batches());
    } finally {
      time.stop();
      gatherer.flushed(gathered);
      noteDeferred();
    }
    return clock.nanoTime() - start;
  }

  private void writeDeferred(long nanos) {
    if (!flusher.hasDeferred()) {
      return;
    }
    time.start();
    try {
      flusher.writeDeferred(nanos);
    } finally {
      time.stop();
      noteDeferred();
    }
  }

  private void noteDeferred() {
    deferredRows = flusher.deferredRows();
    oldestNanos = flusher.oldestDeferred();
    heldTables = flusher.hasDeferred() ? flusher.heldTables() : Set.of();
  }
}
