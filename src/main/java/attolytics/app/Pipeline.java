package attolytics.app;

import attolytics.buffer.Budget;
import attolytics.buffer.FullBuffer;
import attolytics.buffer.Ring;
import attolytics.database.DatabaseProbe;
import attolytics.flush.Thresholds;
import attolytics.flush.Writer;
import attolytics.flush.transaction.OutcomeLookup;
import attolytics.http.IngestContext;
import attolytics.http.IngestHandler;
import attolytics.http.server.Limits;
import attolytics.metrics.PrometheusMetrics;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentRefusals;
import attolytics.schema.App;
import attolytics.settings.Settings;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a request passes through: the handler that reads it, the ring that buffers its rows, and the
 * writers that flush them, each in a thread of its own.
 *
 * <p>Started and drained by one thread; the state can be queried by any.
 */
final class Pipeline {
  private static final Logger log = LoggerFactory.getLogger(Pipeline.class);

  /** More rows than a body of the default maximum size has. */
  private static final int RING_ROWS = 1 << 17;

  private static final Duration JOIN_PERIOD = Duration.ofMillis(20);

  private final Settings settings;
  private final PrometheusMetrics metrics;
  private final RecentRefusals refusals;
  private final RecentOutages outages;
  private final Budget budget;
  private final Ring ring = new Ring(RING_ROWS);
  private final FullBuffer full;
  private final List<Writer> writers = new CopyOnWriteArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private @Nullable IngestHandler handler;

  /**
   * @param bufferBytes of requests that are being read or wait for their commit
   */
  Pipeline(
      Settings settings,
      long bufferBytes,
      PrometheusMetrics metrics,
      RecentRefusals refusals,
      RecentOutages outages) {
    this.settings = settings;
    this.metrics = metrics;
    this.refusals = refusals;
    this.outages = outages;
    this.budget = new Budget(bufferBytes);
    this.full = new FullBuffer(budget, ring);
  }

  /** Starts the writers. */
  void startWriters(HikariDataSource database, OutcomeLookup lookup) {
    writers.addAll(
        Writer.share(
            ring,
            settings.writers(),
            database,
            lookup,
            new Thresholds(settings.flushRows(), settings.flushBytes(), settings.flushInterval()),
            settings.ackTimeout(),
            budget.capacity() / 4 * 3,
            settings.idempotencyTtl(),
            metrics,
            status -> metrics.requestsRefused(IngestHandler.reasonsWithoutDatabase(status))));
    for (int i = 0; i < writers.size(); i++) {
      Thread thread = new Thread(writers.get(i), "writer-" + i);
      threads.add(thread);
      thread.start();
    }
  }

  /**
   * Creates the handler of the public port, which feeds the writers.
   *
   * @param quarantineIsFull says of an app whether it may put no more events into quarantine
   */
  IngestHandler createHandler(
      Limits limits,
      InstantSource clock,
      Predicate<String> quarantineIsFull,
      Map<String, App> apps) {
    IngestContext context =
        new IngestContext(
            ring,
            budget,
            limits,
            metrics,
            settings.trustedProxies(),
            clock,
            quarantineIsFull,
            refusals,
            outages);
    IngestHandler created = new IngestHandler(context, apps);
    handler = created;
    return created;
  }

  /** The writers that have been started: a view. */
  List<Writer> writers() {
    return writers;
  }

  /** Closes connections on which the database does not respond. */
  void checkWriters() {
    writers.forEach(Writer::check);
  }

  /** Whether the buffer is full. Any thread; does not block. */
  boolean isFull() {
    return full.isFull();
  }

  /** The tables whose requests wait because they are locked or accept no rows. Any thread. */
  Set<String> heldTables() {
    Set<String> tables = new TreeSet<>();
    writers.forEach(writer -> tables.addAll(writer.heldTables()));
    return tables;
  }

  /** Whether rows are accepted, and not yet committed or failed. */
  boolean hasRows() {
    return ring.usedRows() > 0 || writers.stream().anyMatch(writer -> writer.deferredRows() > 0);
  }

  /** How much of the buffer is in use, in words. */
  String usage() {
    return "%d of %d bytes, %d of %d rows are in use"
        .formatted(budget.used(), budget.capacity(), ring.usedRows(), ring.capacityRows());
  }

  /** Registers the gauges of this pipeline and of its database. */
  void registerGauges(DatabaseProbe probe) {
    PipelineGauges.register(metrics, budget, ring, writers, probe);
  }

  /**
   * Refuses new requests, flushes what was accepted, and stops the writers.
   *
   * @param expired true once there is no time left
   * @return whether everything accepted has been answered in time
   */
  boolean drain(BooleanSupplier expired) throws InterruptedException {
    boolean refusing = refuseRequests(expired);
    stopWriters();
    return refusing && awaitEnd(expired);
  }

  /**
   * Refuses the requests whose body is incomplete.
   *
   * @param expired true once there is no time left
   */
  void refuseBodies(BooleanSupplier expired) throws InterruptedException {
    if (handler != null) {
      boolean unused = handler.refuseBodies(expired);
    }
  }

  /** When a request was last refused because of the drain; empty if none was. */
  OptionalLong refusedNanos() {
    return handler == null ? OptionalLong.empty() : handler.refusedNanos();
  }

  /**
   * Fails what the writers have not committed.
   *
   * @param expired true once there is no time left to answer it
   */
  void abandon(BooleanSupplier expired) throws InterruptedException {
    writers.forEach(Writer::abandon);
    boolean unused = awaitEnd(expired);
  }

  /** Lets the writers end when the ring is empty. */
  void stopWriters() {
    writers.forEach(Writer::stop);
  }

  private boolean refuseRequests(BooleanSupplier expired) throws InterruptedException {
    try {
      return handler == null || handler.drain(expired);
    } catch (RuntimeException | Error e) {
      log.error("Cannot refuse new requests", e);
      return false;
    }
  }

  /** False if a writer still runs, or an answer has not been sent, when the time is over. */
  private boolean awaitEnd(BooleanSupplier expired) throws InterruptedException {
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        if (expired.getAsBoolean()) {
          return false;
        }
        thread.join(JOIN_PERIOD.toMillis());
      }
    }
    return handler == null || handler.awaitAnswers(expired);
  }
}
