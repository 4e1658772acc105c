package attolytics.app;

import attolytics.database.Connector;
import attolytics.database.migration.Migrator;
import attolytics.database.migration.Plan;
import attolytics.database.partition.PartitionKeeper;
import attolytics.flush.FlushTrial;
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
 * Takes over a schema file that has changed, while requests come: does what a start does with it,
 * and swaps it between two requests. Those that were read under the old one are written under it. A
 * file that a start would refuse changes nothing.
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
   * @param database which it is, whatever a new file says
   * @param stop ends a reload that waits for the database
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

  /** Reloads whenever it is asked to, in a thread of its own, which ends when interrupted. */
  Thread whenever(Semaphore asked) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (true) {
                  asked.acquire();
                  asked.drainPermits(); // asked twice while it was busy: once will do
                  run();
                }
              } catch (InterruptedException e) {
                log.debug("No reloads any more", e);
              }
            },
            "reload");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void run() throws InterruptedException {
    number++;
    systemd.reloading();
    boolean done = false;
    try {
      take();
      done = true;
    } catch (StartException e) {
      e.problems().forEach(this::refuse);
      refuse("nothing has changed, the service goes on as before");
    } catch (RuntimeException | Error e) {
      failed(e);
    } finally {
      metrics.reloaded(done);
      if (stop.getCount() > 0) {
        systemd.ready();
      }
    }
  }

  /** An Error too: a file that is nested too deep for the stack must not end all reloads. */
  private void failed(Throwable e) {
    try {
      log.error("{}", told("failed for a reason of our own, nothing has changed: " + e), e);
    } catch (RuntimeException | Error again) {
      // A lack of memory, most likely; the metric says that it failed.
    }
  }

  private void take() throws StartException, InterruptedException {
    Schema schema = StartSteps.readSchema(settings, environment);
    if (settings.migrate()) {
      Migrator.apply(database, schema, settings.ackTimeout(), clock, stop, () -> {});
    }
    prepareTables(schema);
    if (settings.databaseUrl() == null
        && !Objects.equals(schema.databaseUrl(), first.databaseUrl())) {
      log.warn("{}", told("database_url has changed: the database stays until a restart"));
    }
    // First the meters, so that no event finds none.
    metrics.know(schema.apps().keySet(), schema.tables().stream().map(Table::name).toList());
    handler.serve(schema.apps());
    partitions.keep(schema);
    List<String> apps = schema.apps().keySet().stream().sorted().toList();
    log.info("{}", told("took over tables " + schema.tables() + ", apps " + apps));
  }

  private void prepareTables(Schema schema) throws StartException, InterruptedException {
    try (Connection connection = Connector.awaitConnection(database, settings.ackTimeout(), stop)) {
      Plan plan =
          StartSteps.prepareTables(
              connection, schema, new FlushTrial(schema.tables()), true, clock.instant());
      if (!plan.problems().isEmpty()) {
        throw new StartException(plan.problems());
      }
      plan.statements().forEach(statement -> log.info("{}", told("created: " + statement)));
      plan.warnings().forEach(warning -> log.warn("{}", told(warning)));
    } catch (SQLException e) {
      throw new StartException("the connection to the database was lost: " + e.getMessage(), e);
    }
  }

  private void refuse(String why) {
    log.error("{}", told(why));
  }

  /** With its number: else the log would take the second reload's words for repeats. */
  private String told(String what) {
    return "reload " + number + " of " + settings.schema() + ": " + Redaction.redact(what);
  }
}
