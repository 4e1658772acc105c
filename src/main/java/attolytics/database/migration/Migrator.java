package attolytics.database.migration;

import attolytics.database.AdvisoryLock;
import attolytics.database.Connector;
import attolytics.database.LongStatements;
import attolytics.database.Migration;
import attolytics.database.Migration.Step;
import attolytics.database.StepRunner;
import attolytics.schema.Schema;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.SQLException;
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
public final class Migrator {
  private static final Logger log = LoggerFactory.getLogger(Migrator.class);

  /**
   * How a lock is waited for.
   *
   * @param spell how long at a time
   * @param pause between two spells, for the writers that have queued up
   * @param spells at most, until the migration is given up
   * @param turn how long another migration is waited for
   */
  public record Patience(Duration spell, Duration pause, int spells, Duration turn) {
    static final Patience USUAL =
        new Patience(Duration.ofSeconds(2), Duration.ofSeconds(4), 50, Duration.ofMinutes(5));
  }

  /** A lock not to be had, a deadlock, and what somebody else has just created. */
  private static final Set<String> MAY_PASS = Set.of("55P03", "40P01", "42P07", "42701");

  private final Connection connection;
  private final Connection turn;
  private final Schema schema;
  private final InstantSource clock;
  private final Patience patience;
  private final CountDownLatch stop;
  private final MigrationWatch watch;

  private Migrator(
      Connection connection,
      Connection turn,
      Schema schema,
      InstantSource clock,
      Patience patience,
      CountDownLatch stop,
      MigrationWatch watch) {
    this.connection = connection;
    this.turn = turn;
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
  public static Migration apply(
      DatabaseUrl url,
      Schema schema,
      Duration timeout,
      InstantSource clock,
      CountDownLatch stop,
      Runnable progress)
      throws StartException, InterruptedException {
    return apply(url, schema, timeout, clock, stop, progress, Patience.USUAL);
  }

  public static Migration apply(
      DatabaseUrl url,
      Schema schema,
      Duration timeout,
      InstantSource clock,
      CountDownLatch stop,
      Runnable progress,
      Patience patience)
      throws StartException, InterruptedException {
    try (Connection connection = Connector.awaitConnection(url, timeout, stop);
        Connection turn = Connector.connect(url, timeout);
        MigrationWatch watch = new MigrationWatch(connection, url, stop, progress)) {
      // An index may be hours in the building.
      connection.setNetworkTimeout(Runnable::run, 0);
      Migrator migrator = new Migrator(connection, turn, schema, clock, patience, stop, watch);
      migrator.awaitTurn();
      return migrator.run();
    } catch (SQLException e) {
      if (stop.getCount() == 0) {
        throw new InterruptedException("told to stop");
      }
      throw Connector.refused("could not be migrated", e);
    }
  }

  /** The turn is a transaction's on another connection, and lasts until that is closed. */
  private void awaitTurn() throws SQLException, StartException, InterruptedException {
    long start = System.nanoTime();
    boolean told = false;
    while (!AdvisoryLock.MIGRATION.hold(turn)) {
      String holders = AdvisoryLock.MIGRATION.holders(connection);
      if (System.nanoTime() - start > patience.turn().toNanos()) {
        throw new StartException(
            "another migration of this database has not ended within %d s: %s"
                .formatted(patience.turn().toSeconds(), holders));
      }
      if (!told) {
        told = true;
        log.info("waiting for another migration of this database to end: {}", holders);
      }
      pause(Duration.ofMillis(500));
    }
    Connector.requireBeside(connection);
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
  private boolean take(Step step) throws SQLException, StartException {
    log.info("migrating: {}", step);
    if (step.concurrent()) {
      LongStatements.prepare(connection, step);
    }
    AdvisoryLock.keep(turn);
    long start = System.nanoTime();
    try {
      watch.begin(step);
      StepRunner.run(connection, step, patience.spell());
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

  private void pause(Duration time) throws InterruptedException {
    if (stop.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new InterruptedException("told to stop");
    }
  }
}
