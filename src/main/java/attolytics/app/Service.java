package attolytics.app;

import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.flush.Writer;
import attolytics.http.AdminHandler;
import attolytics.http.HttpServer;
import attolytics.http.Ingest;
import attolytics.http.IngestHandler;
import attolytics.http.Limits;
import attolytics.metrics.PrometheusMetrics;
import attolytics.schema.DatabaseTables;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

  private final Settings settings;
  private final Schema schema;
  private final PrometheusMetrics metrics = new PrometheusMetrics();
  private final List<Ring> rings = new ArrayList<>();
  private final List<Writer> writers = new ArrayList<>();
  private final List<Thread> writerThreads = new ArrayList<>();
  private final HttpServer admin;
  private @Nullable EmbeddedDatabase embedded;
  private @Nullable HikariDataSource pool;
  private @Nullable IngestHandler handler;
  private @Nullable HttpServer http;
  private boolean stopped;
  private volatile @Nullable String unready = "starting";

  private Service(Settings settings, Schema schema) throws StartException {
    this.settings = settings;
    this.schema = schema;
    this.admin =
        open(
            "admin_",
            settings.adminHost(),
            settings.adminPort(),
            1,
            new AdminHandler(metrics, this::whyNotReady));
  }

  /**
   * Starts the service. The admin port opens first; when this returns, requests are accepted.
   *
   * @param environment where secret keys may be kept
   * @param stop ends the wait for the database: the start is given up, and {@link #stop} is next
   * @throws StartException for what the user can mend; nothing is left running then
   */
  public static Service start(
      Settings settings, Map<String, String> environment, CountDownLatch stop)
      throws StartException, InterruptedException {
    Service service = new Service(settings, DatabaseSetup.readSchema(settings, environment));
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

  private void startRest(CountDownLatch stop) throws StartException, InterruptedException {
    log.info("admin pages on {}", url(settings.adminHost(), admin.port()));
    DatabaseUrl url = databaseUrl();
    prepareTables(url, stop);
    HikariDataSource database =
        ConnectionPool.open(url, settings.writers(), settings.ackTimeout(), metrics.registry());
    pool = database;

    Budget budget = new Budget(settings.maxBuffer());
    for (int i = 0; i < settings.writers(); i++) {
      startWriter(i, database);
    }
    Limits limits = Limits.of(settings.maxBody());
    handler = new IngestHandler(new Ingest(schema.apps(), rings, budget, limits, metrics));
    showGauges(budget);
    http =
        open(
            "",
            settings.host(),
            settings.port(),
            Runtime.getRuntime().availableProcessors(),
            handler);
    unready = null;
    log.info("accepting events on {}", url(settings.host(), http.port()));
  }

  private static String url(String host, int port) {
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  private HttpServer open(
      String prefix, String host, int port, int ioThreads, io.undertow.server.HttpHandler handler)
      throws StartException {
    try {
      return HttpServer.open(host, port, ioThreads, Limits.of(settings.maxBody()), handler);
    } catch (RuntimeException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new StartException(
          "cannot listen on "
              + host
              + ":"
              + port
              + ": "
              + cause.getMessage()
              + "; choose another by --%shost and --%sport".formatted(prefix, prefix),
          e);
    }
  }

  private DatabaseUrl databaseUrl() throws StartException, InterruptedException {
    DatabaseUrl configured = DatabaseSetup.configuredUrl(settings, schema);
    if (configured != null) {
      return configured;
    }
    embedded = EmbeddedDatabase.start(settings.dataDir());
    return embedded.url();
  }

  private void prepareTables(DatabaseUrl url, CountDownLatch stop)
      throws StartException, InterruptedException {
    unready = "starting: waiting for the database";
    try (Connection connection = DatabaseSetup.awaitConnection(url, settings.ackTimeout(), stop)) {
      unready = "starting";
      DatabaseTables.Plan plan = DatabaseSetup.prepareTables(connection, schema, true);
      if (!plan.problems().isEmpty()) {
        throw new StartException(plan.problems());
      }
      plan.statements().forEach(statement -> log.info("created: {}", statement));
      plan.warnings().forEach(log::warn);
    } catch (SQLException e) {
      throw new StartException("the connection to the database was lost: " + e.getMessage(), e);
    }
  }

  private void startWriter(int number, HikariDataSource database) {
    Ring ring = new Ring(RING_ROWS);
    Duration interval = settings.flushInterval() == null ? Duration.ZERO : settings.flushInterval();
    Writer writer =
        new Writer(
            ring,
            database,
            new Writer.Thresholds(settings.flushRows(), settings.flushBytes(), interval),
            settings.ackTimeout(),
            metrics);
    Thread thread = new Thread(writer, "writer-" + number);
    rings.add(ring);
    writers.add(writer);
    writerThreads.add(thread);
    thread.start();
  }

  private void showGauges(Budget budget) {
    metrics.expect(schema.apps().keySet(), schema.tables().stream().map(Table::name).toList());
    metrics.gauge(
        "attolytics.ring.used",
        "rows",
        "Rows that are accepted and not yet settled",
        () -> rings.stream().mapToLong(Ring::usedRows).sum());
    metrics.gauge(
        "attolytics.ring.capacity",
        "rows",
        "Rows that all rings can hold",
        () -> rings.stream().mapToLong(Ring::capacityRows).sum());
    metrics.gauge(
        "attolytics.buffer",
        "bytes",
        "Bytes of bodies being read and of rows not yet settled",
        budget::used);
    metrics.gauge(
        "attolytics.oldest.unflushed",
        "seconds",
        "How long the oldest request has waited for its commit",
        () ->
            writers.stream()
                    .map(Writer::oldest)
                    .max(Comparator.naturalOrder())
                    .orElse(Duration.ZERO)
                    .toNanos()
                / 1e9);
  }

  private @Nullable String whyNotReady() {
    String reason = unready;
    if (reason != null) {
      return reason;
    }
    HikariDataSource database = pool;
    if (database == null) {
      return "starting";
    }
    try (Connection connection = database.getConnection()) {
      return connection.isValid(1) ? null : "the database does not answer";
    } catch (SQLException e) {
      return "the database is away";
    }
  }

  /**
   * Stops: refuses new requests, flushes and answers what was accepted, and closes everything.
   *
   * @return whether all that was accepted was settled within the drain timeout
   */
  public boolean stop() {
    if (stopped) {
      return true;
    }
    stopped = true;
    unready = "draining";
    log.info("stopping");
    boolean drained = drain();
    close();
    log.info(drained ? "stopped" : "stopped before everything accepted was written");
    return drained;
  }

  private boolean drain() {
    boolean drained = true;
    try {
      if (handler != null) {
        handler.drain();
      }
      writers.forEach(Writer::stop);
      long deadline = System.nanoTime() + settings.drainTimeout().toNanos();
      for (Thread thread : writerThreads) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        thread.join(Math.max(1, left));
        drained &= !thread.isAlive();
      }
      if (handler != null) {
        handler.awaitAnswers();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      drained = false;
    }
    return drained;
  }

  /** Closes everything at once, without a drain. */
  @Override
  public void close() {
    writers.forEach(Writer::stop);
    if (http != null) {
      http.close();
    }
    if (pool != null) {
      pool.close();
    }
    if (embedded != null) {
      embedded.close();
    }
    admin.close();
    metrics.close();
  }
}
