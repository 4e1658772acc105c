package attolytics.app;

import attolytics.database.Connector;
import attolytics.database.migration.Migrator;
import attolytics.database.migration.Plan;
import attolytics.embedded.EmbeddedDatabase;
import attolytics.flush.transaction.FlushTrial;
import attolytics.flush.transaction.OutcomeLookup;
import attolytics.schema.Schema;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of a start that waits for the database: starts the embedded one if none is configured,
 * migrates if the settings ask for it, and creates and checks the tables.
 */
final class DatabaseStart {
  private static final Logger log = LoggerFactory.getLogger(DatabaseStart.class);

  /** What systemd allows a start beyond the time that the database may take. */
  private static final Duration START_MARGIN = Duration.ofMinutes(1);

  private static final Duration EXTENSION_PERIOD = Duration.ofSeconds(1);

  /** Before another attempt, if the database became unavailable after it had let this one in. */
  private static final Duration RETRY_PAUSE = Duration.ofMillis(250);

  private static final Duration STOP_POLL = Duration.ofMillis(20);

  /** Of a server that has not as many locks, for example, as the tables need. */
  private static final String OUT_OF_MEMORY = "53200";

  private static final String WAITING = "waiting for the database";

  private final Settings settings;
  private final Schema schema;
  private final Readiness readiness;
  private final Systemd systemd;
  private final CountDownLatch stop;
  private volatile long extendedNanos;

  /**
   * @param stop at zero, the start is given up
   */
  DatabaseStart(
      Settings settings, Schema schema, Readiness readiness, Systemd systemd, CountDownLatch stop) {
    this.settings = settings;
    this.schema = schema;
    this.readiness = readiness;
    this.systemd = systemd;
    this.stop = stop;
  }

  /** Starts the embedded PostgreSQL, which may have to recover first. */
  EmbeddedDatabase startEmbedded() throws StartException, InterruptedException {
    enter("waiting for the embedded PostgreSQL");
    EmbeddedDatabase database = EmbeddedDatabase.start(settings.dataDir(), this::awaitEmbedded);
    readiness.addCheck(() -> Readiness.Obstacle.of(database.problem()));
    return database;
  }

  /** A recovery has no upper bound in time. */
  private void awaitEmbedded() throws InterruptedException {
    extendTimeoutIfDue();
    if (stop.await(STOP_POLL.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new InterruptedException("stopped during the start");
    }
  }

  /**
   * Migrates if the settings ask for it, and creates and checks the tables.
   *
   * @return how this database tells the outcome of a lost COMMIT
   */
  OutcomeLookup prepareTables(DatabaseUrl url, InstantSource clock)
      throws StartException, InterruptedException {
    long deadline = System.nanoTime() + settings.ackTimeout().toNanos();
    while (true) {
      try {
        enter(WAITING);
        migrate(url, clock);
        return createTables(url, clock);
      } catch (StartException e) {
        boolean mayPass =
            e.getCause() instanceof SQLException cause
                && Connector.isTransient(cause)
                && !OUT_OF_MEMORY.equals(cause.getSQLState());
        if (!mayPass || System.nanoTime() - deadline > 0) {
          throw e;
        }
        log.warn("lost the database during the start, trying again: {}", e.getMessage());
        if (stop.await(RETRY_PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new InterruptedException("stopped during the start");
        }
      }
    }
  }

  private void migrate(DatabaseUrl url, InstantSource clock)
      throws StartException, InterruptedException {
    if (settings.migrate()) {
      enter("migrating the database");
      Migrator.apply(url, schema, settings.ackTimeout(), clock, stop, this::extendTimeout)
          .failures()
          .forEach(failure -> log.warn("not migrated: {}", failure));
    }
  }

  private OutcomeLookup createTables(DatabaseUrl url, InstantSource clock)
      throws StartException, InterruptedException {
    try (Connection connection =
        Connector.awaitConnection(
            url, settings.ackTimeout(), stop, cause -> setPhase(WAITING, cause))) {
      readiness.setNotReady("starting", null);
      FlushTrial trial = new FlushTrial(schema.tables());
      LoggedProgress progress =
          new LoggedProgress(
              stop, this::extendTimeoutIfDue, statement -> log.info("created: {}", statement));
      Plan plan = StartSteps.createTables(connection, schema, trial, clock.instant(), progress);
      plan.warnings().forEach(log::warn);
      return trial.lookup();
    } catch (SQLException e) {
      throw StartSteps.connectionLost(e);
    }
  }

  private void enter(String phase) {
    setPhase(phase, null);
    systemd.status(phase);
  }

  private void setPhase(String phase, @Nullable String cause) {
    readiness.setNotReady("starting: " + phase, cause);
  }

  private void extendTimeoutIfDue() {
    if (System.nanoTime() - extendedNanos > EXTENSION_PERIOD.toNanos()) {
      extendTimeout();
    }
  }

  /** Keeps systemd from ending a start that makes progress. */
  void extendTimeout() {
    extendedNanos = System.nanoTime();
    systemd.extendTimeout(settings.ackTimeout().plus(START_MARGIN));
  }
}
