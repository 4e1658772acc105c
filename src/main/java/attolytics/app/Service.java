package attolytics.app;

import attolytics.admin.AdminHandler;
import attolytics.admin.Facts;
import attolytics.admin.StatusReport;
import attolytics.app.Readiness.Obstacle;
import attolytics.buffer.NanoClock;
import attolytics.database.ConnectionPool;
import attolytics.database.DatabaseDetails;
import attolytics.database.DatabaseProbe;
import attolytics.database.partition.PartitionKeeper;
import attolytics.embedded.EmbeddedDatabase;
import attolytics.flush.transaction.KeyPurge;
import attolytics.flush.transaction.OutcomeLookup;
import attolytics.flush.transaction.StalledCopies;
import attolytics.http.IngestHandler;
import attolytics.http.server.HttpServer;
import attolytics.metrics.History;
import attolytics.metrics.PrometheusMetrics;
import attolytics.quarantine.QuarantineUpkeep;
import attolytics.recent.RecentLog;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentRefusals;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole service: creates its parts and starts them in order. {@link Shutdown} stops them,
 * {@link Pipeline} holds what a request passes through.
 *
 * <p>Started and closed by one thread; {@link #adminPort} and {@link #port} can be called by any.
 */
public final class Service implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Service.class);

  private static final Duration SAMPLE_PERIOD = Duration.ofSeconds(1);
  private static final Duration LIVENESS_PERIOD = Duration.ofSeconds(1);

  /** How often the writers' connections are checked for a database that does not respond. */
  private static final Duration WRITER_CHECK_PERIOD = Duration.ofMillis(100);

  private static final Duration MAX_PURGE_PERIOD = Duration.ofMinutes(1);
  private static final Duration STALLED_COPIES_PERIOD = Duration.ofSeconds(5);
  private static final Duration PROBE_PERIOD = Duration.ofSeconds(1);

  /** Bounds what a buffer that is alternately full and not full adds to the log. */
  private static final Duration READINESS_PERIOD = Duration.ofSeconds(1);

  /** How long a writer may be silent beyond the ack timeout, which bounds its waits. */
  private static final Duration SILENCE_MARGIN = Duration.ofSeconds(10);

  private final Settings settings;
  private final Map<String, String> environment;
  private final Schema schema;
  private final Systemd systemd;
  private final InstantSource clock;
  private final PrometheusMetrics metrics;
  private final History history;
  private final RecentLog recentLog = RecentLog.start();
  private final RecentOutages outages = new RecentOutages();
  private final RecentRefusals refusals = new RecentRefusals();
  private final Facts facts;
  private final Readiness readiness = new Readiness(InstantSource.system());
  private final Housekeeping housekeeping = new Housekeeping();
  private final HeapShare heap;
  private final Pipeline pipeline;
  private final Shutdown shutdown;
  private final Liveness liveness;
  private final HttpPorts ports;
  private final HttpServer admin;
  private @Nullable HttpServer http;
  private @Nullable Reload reload;

  private Service(
      Settings settings,
      Map<String, String> environment,
      Schema schema,
      Systemd systemd,
      InstantSource clock)
      throws StartException {
    this.settings = settings;
    this.environment = environment;
    this.schema = schema;
    this.systemd = systemd;
    this.clock = clock;
    Runtime runtime = Runtime.getRuntime();
    heap = HeapShare.of(settings, runtime.maxMemory(), runtime.availableProcessors());
    metrics = metrics(schema, readiness);
    history = new History(metrics);
    facts = StatusFacts.of(settings, readiness);
    pipeline = new Pipeline(settings, heap.buffer(), metrics, refusals, outages);
    shutdown = new Shutdown(settings, housekeeping, pipeline, readiness, systemd);
    liveness = new Liveness(pipeline.writers(), settings.ackTimeout().plus(SILENCE_MARGIN));
    ports = new HttpPorts(settings, heap, metrics, refusals, outages);
    admin =
        ports.openAdmin(
            new AdminHandler(
                metrics,
                new StatusReport(
                    metrics,
                    history,
                    facts,
                    outages,
                    refusals,
                    recentLog,
                    IngestHandler.statusByReason()),
                liveness::problem,
                readiness::notReady));
    facts.setAdminUrl(HttpPorts.url(settings.adminHost(), admin));
    liveness.watch(admin.threads());
    shutdown.register(recentLog);
    shutdown.register(systemd);
    shutdown.register(metrics);
    shutdown.register(admin);
  }

  private static PrometheusMetrics metrics(Schema schema, Readiness readiness) {
    PrometheusMetrics metrics =
        new PrometheusMetrics(
            schema.apps().keySet(),
            schema.tables().stream().map(Table::name).toList(),
            IngestHandler.statuses(),
            IngestHandler.reasons());
    metrics.buildInfo(Version.number());
    metrics.gauge(
        "attolytics.ready",
        null,
        "Whether the service accepts requests",
        () -> readiness.notReady() == null ? 1 : 0);
    return metrics;
  }

  /**
   * Starts the service. The admin port opens first; when this returns, requests are accepted.
   *
   * @param environment which secret keys may refer to, and in which systemd passes its socket
   * @param stop at zero, the wait for the database ends and the start is given up
   * @throws StartException for a problem that the user can solve; nothing is left running then
   */
  public static Service start(
      Settings settings, Map<String, String> environment, CountDownLatch stop)
      throws StartException, InterruptedException {
    try {
      return start(settings, environment, stop, InstantSource.system());
    } catch (StartException e) {
      Systemd.reportFailure(environment, e);
      throw e;
    }
  }

  /**
   * Starts the service with another clock.
   *
   * @param clock for what depends on the calendar: partitions, and the range of times they take
   */
  static Service start(
      Settings settings, Map<String, String> environment, CountDownLatch stop, InstantSource clock)
      throws StartException, InterruptedException {
    Schema schema = StartSteps.readSchema(settings, environment);
    Service service = new Service(settings, environment, schema, Systemd.of(environment), clock);
    boolean started = false;
    try {
      service.startParts(stop);
      started = true;
      return service;
    } finally {
      if (!started) {
        service.close();
      }
    }
  }

  private void startParts(CountDownLatch stop) throws StartException, InterruptedException {
    housekeeping.schedule(SAMPLE_PERIOD, history::take);
    housekeeping.schedule(LIVENESS_PERIOD, liveness::ask);
    DatabaseStart start = new DatabaseStart(settings, schema, readiness, systemd, stop);
    start.extendTimeout();
    log.info("admin pages on {}", HttpPorts.url(settings.adminHost(), admin));

    DatabaseUrl url = databaseUrl(start);
    boolean isEmbedded = StartSteps.configuredUrl(settings, schema) == null;
    facts.setDatabase(() -> StatusFacts.unknown(url, isEmbedded));
    OutcomeLookup lookup = start.prepareTables(url, clock);
    HikariDataSource database =
        shutdown.register(
            ConnectionPool.open(
                url, settings.writers(), settings.ackTimeout(), metrics.registry()));
    heap.logLowered(settings, Runtime.getRuntime().maxMemory());
    pipeline.startWriters(database, lookup);
    QuarantineUpkeep quarantine =
        new QuarantineUpkeep(
            database,
            settings.quarantineTtl(),
            settings.quarantineRows(),
            metrics::quarantine,
            NanoClock.SYSTEM);
    DatabaseProbe probe = new DatabaseProbe(database, metrics::transactions);
    DatabaseDetails details = new DatabaseDetails(database);
    facts.setDatabase(() -> StatusFacts.known(url, isEmbedded, details, probe));
    housekeeping.schedule(Duration.ZERO, DatabaseDetails.PERIOD, details);
    scheduleMaintenance(database, quarantine, probe);
    IngestHandler handler =
        pipeline.createHandler(ports.publicLimits(), clock, quarantine::isFull, schema.apps());
    PartitionKeeper partitions =
        shutdown.register(new PartitionKeeper(schema, url, settings.ackTimeout(), clock, metrics));
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
            shutdown.begun());

    HttpServer server = shutdown.registerPort(ports.openPublic(handler));
    http = server;
    facts.setUrl(HttpPorts.url(settings.host(), server));
    liveness.watch(server.threads());
    readiness.setReady();
    housekeeping.schedulePunctually(READINESS_PERIOD, readinessWatch());
    systemd.status("ready");
    systemd.ready();
    log.info("accepting events on {}", HttpPorts.url(settings.host(), server));
  }

  /** At once after the log line of a change, so that the page names the same time. */
  private Runnable readinessWatch() {
    OutageWatch outageWatch =
        new OutageWatch(readiness, pipeline::heldTables, metrics::committedRows, outages);
    Runnable look =
        () -> {
          readiness.logChange();
          outageWatch.run();
        };
    return new PauseWatch(
        READINESS_PERIOD, look, NanoClock.SYSTEM, InstantSource.system(), metrics, outages);
  }

  /** The database that is configured, or else the embedded one, which is started. */
  private DatabaseUrl databaseUrl(DatabaseStart start) throws StartException, InterruptedException {
    DatabaseUrl configured = StartSteps.configuredUrl(settings, schema);
    if (configured != null) {
      return configured;
    }
    EmbeddedDatabase embedded = shutdown.register(start.startEmbedded());
    embedded.mayTerminate(() -> shutdown.begun().getCount() == 0, pipeline::hasRows);
    return embedded.url();
  }

  private void scheduleMaintenance(
      HikariDataSource database, QuarantineUpkeep quarantine, DatabaseProbe probe) {
    housekeeping.schedule(WRITER_CHECK_PERIOD, pipeline::checkWriters);
    Duration tenth = settings.idempotencyTtl().dividedBy(10);
    Duration period = tenth.compareTo(MAX_PURGE_PERIOD) < 0 ? tenth : MAX_PURGE_PERIOD;
    housekeeping.schedule(period, new KeyPurge(database, settings.idempotencyTtl()));
    housekeeping.schedule(QuarantineUpkeep.PERIOD, quarantine::purge);
    housekeeping.schedule(QuarantineUpkeep.PERIOD, quarantine::findFull);
    housekeeping.schedule(QuarantineUpkeep.PERIOD, quarantine::count);
    housekeeping.schedule(
        STALLED_COPIES_PERIOD, new StalledCopies(database, settings.ackTimeout()));

    housekeeping.schedule(PROBE_PERIOD, probe);
    readiness.addCheck(() -> Obstacle.of(liveness.problem()));
    readiness.addCheck(() -> obstacle(probe.currentProblem()));
    readiness.addCheck(
        () -> pipeline.isFull() ? new Obstacle("the buffer is full", pipeline.usage()) : null);
    pipeline.registerGauges(probe);

    if (systemd.isEnabled()) {
      Heartbeat heartbeat = new Heartbeat(systemd, readiness, history, liveness, metrics.schema());
      housekeeping.schedule(heartbeat.period(), heartbeat);
    }
  }

  private static @Nullable Obstacle obstacle(DatabaseProbe.@Nullable Problem problem) {
    return problem == null ? null : new Obstacle(problem.reason(), problem.cause());
  }

  /** The public port. */
  public int port() {
    return http == null ? 0 : http.port();
  }

  /** The admin port. */
  public int adminPort() {
    return admin.port();
  }

  /** Reads the schema file again for each permit, until the service is closed. */
  public void reloadOn(Semaphore requests) {
    Thread thread = Objects.requireNonNull(reload).start(requests);
    shutdown.register(thread::interrupt);
  }

  /** Stops as {@link #stop(CountDownLatch)} does, without a grace period. */
  public boolean stop() {
    return shutdown.stop();
  }

  /**
   * Refuses new requests, flushes and answers what was accepted, and closes everything.
   *
   * @param hurry at zero, the drain is cut short
   * @return whether everything accepted was answered within the drain timeout
   */
  public boolean stop(CountDownLatch hurry) {
    return shutdown.stop(hurry);
  }

  /**
   * Stops as {@link #stop(CountDownLatch)} does, with another grace period.
   *
   * @param grace for how long the port answers 503 after the drain, unless in a hurry
   */
  boolean stop(CountDownLatch hurry, DrainGrace grace) {
    return shutdown.stop(hurry, grace);
  }

  /** Closes everything without a drain. */
  @Override
  public void close() {
    shutdown.close();
  }
}
