package attolytics.app;

import attolytics.database.Connector;
import attolytics.database.migration.Migrator;
import attolytics.database.migration.Plan;
import attolytics.database.partition.PartitionKeeper;
import attolytics.flush.transaction.FlushTrial;
import attolytics.http.IngestHandler;
import attolytics.metrics.PrometheusMetrics;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Redaction;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies a changed schema file while the service runs: does what a start does with it, then
 * replaces the old schema between two requests. A request is written under the schema under which
 * it was read. A file that a start would refuse creates nothing; if the database fails while many
 * tables are created, those that are logged stay.
 */
final class Reload {
  private static final Logger log = LoggerFactory.getLogger(Reload.class);

  private final Settings settings;
  private final Map<String, String> environment;
  private final Schema first;
  private final DatabaseUrl database;
  private final IngestHandler handler;
  private final PartitionKeeper partitions;
  private final InstantSource clock;
  private final PrometheusMetrics metrics;
  private final Systemd systemd;
  private final CountDownLatch stop;
  private int number;

  /**
   * @param first the schema of the start
   * @param database which stays in use if a new file names another
   * @param stop at zero, a reload that waits for the database ends
   */
  Reload(
      Settings settings,
      Map<String, String> environment,
      Schema first,
      DatabaseUrl database,
      IngestHandler handler,
      PartitionKeeper partitions,
      InstantSource clock,
      PrometheusMetrics metrics,
      Systemd systemd,
      CountDownLatch stop) {
    this.settings = settings;
    this.environment = environment;
    this.first = first;
    this.database = database;
    this.handler = handler;
    this.partitions = partitions;
    this.clock = clock;
    this.metrics = metrics;
    this.systemd = systemd;
    this.stop = stop;
  }

  /**
   * Starts a thread that reloads when there is a permit, until it is interrupted.
   *
   * @param requests permits that accumulate during a reload are one request
   */
  Thread start(Semaphore requests) {
    Thread thread = new Thread(() -> loop(requests), "reload");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void loop(Semaphore requests) {
    try {
      while (true) {
        requests.acquire();
        requests.drainPermits();
        reloadGuarded();
      }
    } catch (InterruptedException e) {
      log.debug("Reload thread interrupted", e);
    }
  }

  /**
   * An Error too, such as that of a file nested too deep for the stack, does not end the thread.
   */
  private void reloadGuarded() throws InterruptedException {
    try {
      reload();
    } catch (RuntimeException | Error e) {
      logFailure(e);
    }
  }

  private void reload() throws InterruptedException {
    number++;
    boolean done = false;
    try {
      systemd.reloading();
      apply();
      done = true;
    } catch (StartException e) {
      e.problems().forEach(this::logProblem);
      logProblem("refused, the previous schema stays in effect");
    } finally {
      metrics.reloaded(done);
      if (stop.getCount() > 0) {
        systemd.ready();
      }
    }
  }

  private void logFailure(Throwable e) {
    try {
      log.error("{}", line("failed with an internal error: " + e), e);
    } catch (RuntimeException | Error again) {
      // Most likely out of memory; the metric counts the failure.
    }
  }

  private void apply() throws StartException, InterruptedException {
    Schema schema = StartSteps.readSchema(settings, environment);
    if (settings.migrate()) {
      Migrator.apply(database, schema, settings.ackTimeout(), clock, stop, () -> {})
          .failures()
          .forEach(failure -> log.warn("{}", line("not migrated: " + failure)));
    }
    prepareTables(schema);
    if (settings.databaseUrl() == null
        && !Objects.equals(schema.databaseUrl(), first.databaseUrl())) {
      log.warn("{}", line("database_url has changed, which takes effect at the next start"));
    }
    // The meters first, as the handler expects them for all its apps and tables.
    metrics.register(schema.apps().keySet(), schema.tables().stream().map(Table::name).toList());
    handler.serve(schema.apps());
    partitions.setSchema(schema);
    List<String> apps = schema.apps().keySet().stream().sorted().toList();
    log.info("{}", line("now serving tables " + schema.tables() + ", apps " + apps));
  }

  private void prepareTables(Schema schema) throws StartException, InterruptedException {
    try (Connection connection = Connector.awaitConnection(database, settings.ackTimeout(), stop)) {
      FlushTrial trial = new FlushTrial(schema.tables());
      LoggedProgress progress =
          new LoggedProgress(
              stop, () -> {}, statement -> log.info("{}", line("created: " + statement)));
      Plan plan = StartSteps.createTables(connection, schema, trial, clock.instant(), progress);
      plan.warnings().forEach(warning -> log.warn("{}", line(warning)));
    } catch (SQLException e) {
      throw StartSteps.connectionLost(e);
    }
  }

  private void logProblem(String problem) {
    log.error("{}", line(problem));
  }

  /** With the number of the reload, so that the log does not count its lines as repeats. */
  private String line(String message) {
    return "reload " + number + " of " + settings.schema() + ": " + Redaction.redact(message);
  }
}
