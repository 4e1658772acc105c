package attolytics.app;

import attolytics.admin.AdminHandler;
import attolytics.admin.StatusReport;
import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.database.ConnectionPool;
import attolytics.database.Connector;
import attolytics.database.DatabaseProbe;
import attolytics.database.migration.Migrator;
import attolytics.database.migration.Plan;
import attolytics.database.partition.PartitionKeeper;
import attolytics.embedded.EmbeddedDatabase;
import attolytics.flush.FlushTrial;
import attolytics.flush.KeyPurge;
import attolytics.flush.OutcomeLookup;
import attolytics.flush.StalledCopies;
import attolytics.flush.Thresholds;
import attolytics.flush.Writer;
import attolytics.http.IngestContext;
import attolytics.http.IngestHandler;
import attolytics.http.server.HttpServer;
import attolytics.http.server.Limits;
import attolytics.metrics.History;
import attolytics.metrics.PrometheusMetrics;
import attolytics.quarantine.QuarantineUpkeep;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole service: puts its parts together, starts them in order and stops them in the reverse.
 *
 * <p>Started and closed by one thread; {@link #adminPort}, {@link #port} are for any.
 */
public final class Service implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Service.class);

  /** Rows that a ring can hold: a body of the usual bound has fewer events. */
  private static final int RING_ROWS = 1 << 17;

  /** How often a writer's connection is looked at, whether the database is silent on it. */
  private static final Duration WRITER_CHECK = Duration.ofMillis(100);

  private static final Duration MAX_PURGE_PERIOD = Duration.ofMinutes(1);

  private static final Duration STALLED_COPIES_PERIOD = Duration.ofSeconds(5);

  private static final Duration PROBE_PERIOD = Duration.ofSeconds(1);
  private static final Duration LIVENESS_PERIOD = Duration.ofSeconds(1);

  /** A buffer that is full and not in turns must not fill the log. */
  private static final Duration READINESS_PERIOD = Duration.ofSeconds(1);

  private static final Duration SAMPLE_PERIOD = Duration.ofSeconds(1);

  /** A usual request, which the buffer has no room for if it is full. */
  private static final int USUAL_BYTES = 16 << 10;

  private static final int USUAL_ROWS = 100;

  /** What a start and a stop may take beyond the user's limits. */
  private static final Duration START_MARGIN = Duration.ofMinutes(1);

  private static final Duration EXTENSION_PERIOD = Duration.ofSeconds(1);

  private static final Duration STOP_MARGIN = Duration.ofSeconds(10);

  /** A writer waits for a connection and an answer for no longer than requests wait for it. */
  private static final Duration SILENCE_MARGIN = Duration.ofSeconds(10);

  /** Of the admin port, for some probes, scrapers and browsers: what it takes has no share. */
  private static final int ADMIN_CONNECTIONS = 100;

  private static final int ADMIN_PARTIAL_HEADS = 20;

  private static final String WRITER_FAILED = "a writer has failed, see the log";

  private static final Duration STOP_POLL = Duration.ofMillis(20);

  /**
   * How long a stop goes on saying 503 after everything is written. A proxy learns from it to turn
   * to another instance; closed at once, connections would break on requests that are on their way.
   */
  private static final Duration FAREWELL = Duration.ofMillis(500);

  /** For the answers to what is given up: as long as a writer may be busy with connecting. */
  private static final Duration ABANDON_TIMEOUT = Duration.ofSeconds(5);

  /** For closing what is left, where the time for the stop is over. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

  private final Settings settings;
  private final Schema schema;
  private final Systemd systemd;
  private final PrometheusMetrics metrics;
  private final History history;
  private final Readiness readiness = new Readiness();
  private final Ring ring = new Ring(RING_ROWS);
  private final List<Writer> writers = new CopyOnWriteArrayList<>();
  private final List<Thread> writerThreads = new ArrayList<>();
  private final Housekeeping housekeeping = new Housekeeping();
  private final HeapShare heap;
  private final Liveness liveness;
  private final HttpServer admin;
  private @Nullable EmbeddedDatabase embedded;
  private @Nullable HikariDataSource pool;
  private @Nullable IngestHandler handler;
  private @Nullable HttpServer http;
  private @Nullable PartitionKeeper partitions;
  private final Map<String, String> environment;
  private final InstantSource clock;
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Reload reload;
  private @Nullable Thread reloading;
  private boolean stopped;
  private volatile long extendedNanos;

  private Service(
      Settings settings,
      Schema schema,
      Systemd systemd,
      Map<String, String> environment,
      InstantSource clock)
      throws StartException {
    this.settings = settings;
    this.clock = clock;
    this.environment = environment;
    this.schema = schema;
    this.systemd = systemd;
    this.heap = HeapShare.of(settings, Runtime.getRuntime().maxMemory());
    this.metrics =
        new PrometheusMetrics(
            schema.apps().keySet(),
            schema.tables().stream().map(Table::name).toList(),
            IngestHandler.statuses(),
            IngestHandler.reasons());
    this.history = new History(metrics);
    metrics.buildInfo(Version.number());
    metrics.gauge(
        "attolytics.ready",
        null,
        "Whether a request would be accepted now",
        () -> readiness.obstacle() == null ? 1 : 0);
    this.liveness = new Liveness(writers, settings.ackTimeout().plus(SILENCE_MARGIN));
    this.admin =
        open(
            "admin_",
            settings.adminHost(),
            settings.adminPort(),
            1,
            limits(ADMIN_CONNECTIONS, ADMIN_PARTIAL_HEADS),
            new AdminHandler(
                metrics,
                new StatusReport(metrics, history, Version.number()),
                liveness::trouble,
                readiness::obstacle));
    liveness.watch(admin.threads());
  }

  /**
   * Starts the service. The admin port opens first; when this returns, requests are accepted.
   *
   * @param environment where secret keys may be kept, and systemd says how it is told
   * @param stop ends the wait for the database: the start is given up, and {@link #stop} is next
   * @throws StartException for what the user can mend; nothing is left running then
   */
  public static Service start(
      Settings settings, Map<String, String> environment, CountDownLatch stop)
      throws StartException, InterruptedException {
    return start(settings, environment, stop, InstantSource.system());
  }

  /**
   * Does so with another clock.
   *
   * @param clock for what goes by the calendar, which is partitions and what they are for
   */
  static Service start(
      Settings settings, Map<String, String> environment, CountDownLatch stop, InstantSource clock)
      throws StartException, InterruptedException {
    Service service =
        new Service(
            settings,
            StartSteps.readSchema(settings, environment),
            Systemd.of(environment),
            environment,
            clock);
    boolean started = false;
    try {
      service.startRest(stop);
      started = true;
      return service;
    } finally {
      if (!started) {
        service.close();
      }
    }
  }

  /** The public port. */
  public int port() {
    return http == null ? 0 : http.port();
  }

  /** The admin port. */
  public int adminPort() {
    return admin.port();
  }

  /** Reads the schema file again whenever there is a permit, until the service is closed. */
  public void reloadWhenever(Semaphore asked) {
    reloading = Objects.requireNonNull(reload).whenever(asked);
  }

  private void startRest(CountDownLatch stop) throws StartException, InterruptedException {
    housekeeping.repeat(SAMPLE_PERIOD, history::take);
    housekeeping.repeat(LIVENESS_PERIOD, liveness::ask);
    takeYourTime();
    log.info("admin pages on {}", url(settings.adminHost(), admin.port()));
    DatabaseUrl url = databaseUrl(stop);
    OutcomeLookup lookup = prepareTables(url, stop);
    HikariDataSource database =
        ConnectionPool.open(url, settings.writers(), settings.ackTimeout(), metrics.registry());
    pool = database;

    heap.warnOfLess(settings, Runtime.getRuntime().maxMemory());
    Budget budget = new Budget(heap.buffer());
    startWriters(database, lookup);
    keepHouse(database, budget);
    handler =
        new IngestHandler(new IngestContext(ring, budget, limits(), metrics, clock), schema.apps());
    partitions = new PartitionKeeper(schema, url, settings.ackTimeout(), clock, metrics);
    partitions.start();
    reload =
        new Reload(
            settings,
            environment,
            schema,
            url,
            handler,
            partitions,
            clock,
            metrics,
            systemd,
            closing);
    http =
        open(
            "",
            settings.host(),
            settings.port(),
            Runtime.getRuntime().availableProcessors(),
            limits(),
            handler);
    liveness.watch(http.threads());
    readiness.isReached();
    systemd.status("ready");
    systemd.ready();
    log.info("accepting events on {}", url(settings.host(), http.port()));
  }

  private static String url(String host, int port) {
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  private HttpServer open(
      String prefix,
      String host,
      int port,
      int ioThreads,
      Limits limits,
      io.undertow.server.HttpHandler handler)
      throws StartException {
    try {
      return HttpServer.open(host, port, ioThreads, limits, metrics, handler);
    } catch (IOException e) {
      throw new StartException(
          "cannot listen on "
              + host
              + ":"
              + port
              + ": "
              + e.getMessage()
              + "; choose another by --%shost and --%sport".formatted(prefix, prefix),
          e);
    }
  }

  private Limits limits() {
    return limits(heap.connections(), heap.partialHeads());
  }

  private Limits limits(int connections, int partialHeads) {
    return new Limits(
        settings.maxBody(),
        connections,
        partialHeads,
        settings.headerTimeout(),
        settings.bodyTimeout(),
        settings.idleTimeout());
  }

  private DatabaseUrl databaseUrl(CountDownLatch stop) throws StartException, InterruptedException {
    DatabaseUrl configured = StartSteps.configuredUrl(settings, schema);
    if (configured != null) {
      return configured;
    }
    readiness.isNot("starting: waiting for the embedded PostgreSQL");
    systemd.status("waiting for the embedded PostgreSQL");
    EmbeddedDatabase database =
        EmbeddedDatabase.start(settings.dataDir(), () -> awaitEmbedded(stop));
    readiness.unless(database::trouble);
    embedded = database;
    return database.url();
  }

  /** A recovery takes as long as it takes. */
  private void awaitEmbedded(CountDownLatch stop) throws InterruptedException {
    if (System.nanoTime() - extendedNanos > EXTENSION_PERIOD.toNanos()) {
      takeYourTime();
    }
    if (stop.await(STOP_POLL.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new InterruptedException("told to stop");
    }
  }

  /** Returns what the database is good for. */
  private OutcomeLookup prepareTables(DatabaseUrl url, CountDownLatch stop)
      throws StartException, InterruptedException {
    readiness.isNot("starting: waiting for the database");
    systemd.status("waiting for the database");
    if (settings.migrate()) {
      readiness.isNot("starting: migrating the database");
      systemd.status("migrating the database");
      Migrator.apply(url, schema, settings.ackTimeout(), clock, stop, this::takeYourTime);
    }
    try (Connection connection = Connector.awaitConnection(url, settings.ackTimeout(), stop)) {
      readiness.isNot("starting");
      FlushTrial trial = new FlushTrial(schema.tables());
      Plan plan = StartSteps.prepareTables(connection, schema, trial, true, clock.instant());
      if (!plan.problems().isEmpty()) {
        throw new StartException(plan.problems());
      }
      plan.statements().forEach(statement -> log.info("created: {}", statement));
      plan.warnings().forEach(log::warn);
      return trial.lookup();
    } catch (SQLException e) {
      throw new StartException("the connection to the database was lost: " + e.getMessage(), e);
    }
  }

  private void takeYourTime() {
    extendedNanos = System.nanoTime();
    systemd.mayTake(settings.ackTimeout().plus(START_MARGIN));
  }

  private void startWriters(HikariDataSource database, OutcomeLookup lookup) {
    writers.addAll(
        Writer.share(
            ring,
            settings.writers(),
            database,
            lookup,
            new Thresholds(settings.flushRows(), settings.flushBytes(), settings.flushInterval()),
            settings.ackTimeout(),
            settings.idempotencyTtl(),
            metrics));
    for (int i = 0; i < writers.size(); i++) {
      Thread thread = new Thread(writers.get(i), "writer-" + i);
      writerThreads.add(thread);
      thread.start();
    }
  }

  private void keepHouse(HikariDataSource database, Budget budget) {
    housekeeping.repeat(WRITER_CHECK, () -> writers.forEach(Writer::check));
    Duration tenth = settings.idempotencyTtl().dividedBy(10);
    Duration period = tenth.compareTo(MAX_PURGE_PERIOD) < 0 ? tenth : MAX_PURGE_PERIOD;
    housekeeping.repeat(period, new KeyPurge(database, settings.idempotencyTtl()));
    housekeeping.repeat(
        QuarantineUpkeep.PERIOD,
        new QuarantineUpkeep(
            database, settings.quarantineTtl(), settings.quarantineRows(), metrics::quarantine));
    housekeeping.repeat(STALLED_COPIES_PERIOD, new StalledCopies(database, settings.ackTimeout()));

    DatabaseProbe probe = new DatabaseProbe(database);
    housekeeping.repeat(PROBE_PERIOD, probe);
    readiness.unless(() -> writers.stream().anyMatch(Writer::failed) ? WRITER_FAILED : null);
    readiness.unless(probe::trouble);
    readiness.unless(() -> isFull(budget) ? "the buffer is full" : null);
    housekeeping.repeat(READINESS_PERIOD, readiness::logChange);
    PipelineGauges.show(metrics, budget, ring, writers, probe);

    if (systemd.listens()) {
      Heartbeat heartbeat = new Heartbeat(systemd, readiness, history, liveness);
      housekeeping.repeat(heartbeat.period(), heartbeat);
    }
  }

  /** Whether even a usual request would not fit. */
  private boolean isFull(Budget budget) {
    return budget.capacity() - budget.used() < USUAL_BYTES
        || ring.capacityRows() - ring.usedRows() < USUAL_ROWS;
  }

  /** Stops as {@link #stop(CountDownLatch)} does, with nobody to be impatient or to be told. */
  public boolean stop() {
    return stop(new CountDownLatch(1), Duration.ZERO);
  }

  /**
   * Stops: refuses new requests, flushes and answers what was accepted, and closes everything.
   *
   * @param hurry at zero: what is left is not waited for any longer
   * @return whether all that was accepted was settled within the drain timeout
   */
  public boolean stop(CountDownLatch hurry) {
    return stop(hurry, FAREWELL);
  }

  /**
   * @param farewell how long to go on saying 503 after that, unless in a hurry
   */
  boolean stop(CountDownLatch hurry, Duration farewell) {
    if (stopped) {
      return true;
    }
    stopped = true;
    closing.countDown();
    long deadline = System.nanoTime() + settings.drainTimeout().toNanos();
    announceStop();
    boolean drained = false;
    try {
      drained = drain(deadline, hurry);
      boolean unused = hurry.await(farewell.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    long soon = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
    close(drained && deadline - soon > 0 ? deadline : soon);
    log.info(drained ? "stopped" : "stopped before everything accepted was written");
    return drained;
  }

  private void announceStop() {
    attempt(
        () -> {
          readiness.isNot("draining");
          log.info("stopping");
          systemd.stopping();
          systemd.mayTake(settings.drainTimeout().plus(STOP_MARGIN));
          systemd.status("draining");
        });
  }

  private boolean drain(long deadline, CountDownLatch hurry) throws InterruptedException {
    BooleanSupplier late = () -> System.nanoTime() - deadline > 0 || hurry.getCount() == 0;
    boolean refusing = refuseRequests(late);
    writers.forEach(Writer::stop);
    boolean drained = refusing && awaitWriters(late) && awaitAnswers(late);
    if (!drained) {
      log.warn("giving up what is not written yet");
      writers.forEach(Writer::abandon);
      long end = System.nanoTime() + ABANDON_TIMEOUT.toNanos();
      BooleanSupplier over = () -> System.nanoTime() - end > 0;
      boolean unused = awaitWriters(over) && awaitAnswers(over);
    }
    return drained;
  }

  private boolean refuseRequests(BooleanSupplier late) throws InterruptedException {
    try {
      return handler == null || handler.drain(late);
    } catch (RuntimeException | Error e) {
      log.error("Could not refuse new requests", e);
      return false;
    }
  }

  private boolean awaitAnswers(BooleanSupplier late) throws InterruptedException {
    return handler == null || handler.awaitAnswers(late);
  }

  /** False if one still runs when it is late. */
  private boolean awaitWriters(BooleanSupplier late) throws InterruptedException {
    for (Thread thread : writerThreads) {
      while (thread.isAlive()) {
        if (late.getAsBoolean()) {
          return false;
        }
        thread.join(STOP_POLL.toMillis());
      }
    }
    return true;
  }

  /** Closes everything at once, without a drain. */
  @Override
  public void close() {
    close(System.nanoTime() + settings.drainTimeout().toNanos());
  }

  /**
   * In a thread of its own, as parts of it may wait for a database that is silent; after the
   * deadline what is left is the business of the process's end.
   */
  private void close(long deadline) {
    Thread closer = new Thread(this::closeParts, "closer");
    closer.setDaemon(true);
    closer.start();
    try {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      closer.join(Math.max(1, left));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (closer.isAlive()) {
      log.warn("not everything could be closed in time");
    }
  }

  private void closeParts() {
    closing.countDown();
    if (reloading != null) {
      reloading.interrupt();
    }
    attempt(housekeeping::close);
    writers.forEach(writer -> attempt(writer::stop));
    for (AutoCloseable part :
        Arrays.asList(partitions, http, pool, embedded, admin, metrics, systemd)) {
      if (part != null) {
        attempt(part::close);
      }
    }
  }

  /** What fails keeps nothing else from being stopped and closed. */
  private static void attempt(Step step) {
    try {
      step.run();
    } catch (Exception | Error e) {
      log.error("A part of the stop failed", e);
    }
  }

  /** A step of the stop. */
  @FunctionalInterface
  private interface Step {
    void run() throws Exception;
  }
}
