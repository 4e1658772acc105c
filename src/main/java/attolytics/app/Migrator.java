package attolytics.app;

import attolytics.schema.DatabaseTables;
import attolytics.schema.Migration;
import attolytics.schema.Migration.Step;
import attolytics.schema.Schema;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies a migration beside services that write: step by step, each in a transaction of its own,
 * so that whatever ends it, the next one goes on from there. A lock that is not to be had is waited
 * for in short spells, as writers queue up behind who waits for it.
 */
final class Migrator {
  private static final Logger log = LoggerFactory.getLogger(Migrator.class);

  /**
   * How a lock is waited for.
   *
   * @param spell how long at a time
   * @param pause between two spells, for the writers that have queued up
   * @param spells at most, until the migration is given up
   */
  record Patience(Duration spell, Duration pause, int spells) {
    static final Patience USUAL = new Patience(Duration.ofSeconds(2), Duration.ofSeconds(4), 50);
  }

  /** A lock not to be had, a deadlock, and what somebody else has just created. */
  private static final Set<String> MAY_PASS = Set.of("55P03", "40P01", "42P07", "42701");

  private final Connection connection;
  private final Schema schema;
  private final InstantSource clock;
  private final Patience patience;
  private final CountDownLatch stop;
  private final MigrationWatch watch;

  private Migrator(
      Connection connection,
      Schema schema,
      InstantSource clock,
      Patience patience,
      CountDownLatch stop,
      MigrationWatch watch) {
    this.connection = connection;
    this.schema = schema;
    this.clock = clock;
    this.patience = patience;
    this.stop = stop;
    this.watch = watch;
  }

  /**
   * Makes the database fit the schema, as far as that loses nothing.
   *
   * @param clock by which partitions are made
   * @param stop ends it, in the midst of a statement if need be
   * @param progress is called again and again, however long it takes
   * @return what is left to do
   * @throws InterruptedException if told to stop
   */
  static Migration apply(
      DatabaseUrl url,
      Schema schema,
      Duration timeout,
      InstantSource clock,
      CountDownLatch stop,
      Runnable progress)
      throws StartException, InterruptedException {
    return apply(url, schema, timeout, clock, stop, progress, Patience.USUAL);
  }

  static Migration apply(
      DatabaseUrl url,
      Schema schema,
      Duration timeout,
      InstantSource clock,
      CountDownLatch stop,
      Runnable progress,
      Patience patience)
      throws StartException, InterruptedException {
    try (Connection connection = DatabaseSetup.awaitConnection(url, timeout, stop);
        MigrationWatch watch = new MigrationWatch(connection, url, stop, progress)) {
      takeYourTime(connection);
      Migrator migrator = new Migrator(connection, schema, clock, patience, stop, watch);
      migrator.awaitTurn();
      return migrator.run();
    } catch (SQLException e) {
      if (stop.getCount() == 0) {
        throw new InterruptedException("told to stop");
      }
      throw new StartException("the database could not be migrated: " + e.getMessage(), e);
    }
  }

  /** An index may be hours in the building; without us, nobody needs it. */
  private static void takeYourTime(Connection connection) throws SQLException {
    connection.setNetworkTimeout(Runnable::run, 0);
    try (Statement sql = connection.createStatement()) {
      sql.execute("SET statement_timeout = 0");
      sql.execute( // unknown to PostgreSQL 13
          "SELECT set_config(name, '5s', false) FROM pg_settings"
              + " WHERE name = 'client_connection_check_interval'");
    }
  }

  private void awaitTurn() throws SQLException, InterruptedException {
    boolean told = false;
    while (!DatabaseTables.lockOutOtherMigrations(connection)) {
      if (!told) {
        told = true;
        log.info("waiting for another migration of this database to end");
      }
      pause(Duration.ofMillis(500));
    }
  }

  private Migration run() throws SQLException, StartException, InterruptedException {
    @Nullable Step last = null;
    int failures = 0;
    while (true) {
      Migration migration = DatabaseTables.migration(connection, schema, clock.instant());
      if (migration.steps().isEmpty()) {
        return migration;
      }
      Step next = migration.steps().get(0);
      if (next.equals(last)) {
        throw new StartException(next + ": was done, and yet is still to be done");
      }
      if (take(next)) {
        last = next;
        failures = 0;
      } else if (++failures == patience.spells()) {
        throw new StartException(
            next + ": given up, as others hold on to what it locks; run migrate again later");
      } else {
        pause(patience.pause());
      }
    }
  }

  /** Whether it was taken; if not, it may be later. */
  private boolean take(Step step) throws SQLException {
    log.info("migrating: {}", step);
    limitLockWait(step);
    long start = System.nanoTime();
    try {
      watch.begin(step);
      DatabaseTables.carryOut(connection, step);
    } catch (SQLException e) {
      if (!MAY_PASS.contains(String.valueOf(e.getSQLState()))) {
        throw e;
      }
      log.info("tried again soon: {}", e.getMessage());
      return false;
    } finally {
      watch.end();
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    log.info("done in {} ms: {}", millis, step);
    return true;
  }

  /** What is done concurrently waits for others, and makes none wait. */
  private void limitLockWait(Step step) throws SQLException {
    long millis = step.concurrent() ? 0 : patience.spell().toMillis();
    try (Statement sql = connection.createStatement()) {
      sql.execute("SET lock_timeout = " + millis);
    }
  }

  private void pause(Duration time) throws InterruptedException {
    if (stop.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new InterruptedException("told to stop");
    }
  }
}
