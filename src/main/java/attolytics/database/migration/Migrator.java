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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies a migration while services write: step by step, each in a transaction of its own, so that
 * the next migration continues if this one fails. Waits for a lock in short attempts, because
 * writers queue behind a waiting lock request.
 */
public final class Migrator {
  private static final Logger log = LoggerFactory.getLogger(Migrator.class);

  /**
   * How long to wait for locks.
   *
   * @param attempt the lock timeout of an attempt
   * @param pause between two attempts, for the writers that have queued up
   * @param attempts after which the migration fails
   * @param turn how long to wait for another migration
   */
  public record LockWait(Duration attempt, Duration pause, int attempts, Duration turn) {
    static final LockWait DEFAULT =
        new LockWait(Duration.ofSeconds(2), Duration.ofSeconds(4), 50, Duration.ofMinutes(5));
  }

  /**
   * The outcome of a migration.
   *
   * @param remaining what is left to do, failed steps included
   * @param failures why each step failed that did
   */
  public record Result(Migration remaining, List<String> failures) {
    public Result {
      failures = List.copyOf(failures);
    }
  }

  private static final String LOCKED =
      ": failed because other sessions hold conflicting locks; run migrate again later";

  private static final int VALIDATION_SECONDS = 5;

  private static final String UNIQUE_VIOLATION = "23505";

  /** A lock timeout, a deadlock, and an object that another session has just created. */
  private static final Set<String> RETRYABLE = Set.of("55P03", "40P01", "42P07", "42701");

  private final Connection connection;
  private final Connection turn;
  private final Schema schema;
  private final InstantSource clock;
  private final LockWait lockWait;
  private final CountDownLatch stop;
  private final MigrationWatch watch;
  private final Map<Step, String> failures = new LinkedHashMap<>();

  private Migrator(
      Connection connection,
      Connection turn,
      Schema schema,
      InstantSource clock,
      LockWait lockWait,
      CountDownLatch stop,
      MigrationWatch watch) {
    this.connection = connection;
    this.turn = turn;
    this.schema = schema;
    this.clock = clock;
    this.lockWait = lockWait;
    this.stop = stop;
    this.watch = watch;
  }

  /**
   * Makes the database match the schema, as far as no data is lost. A step that fails does not keep
   * the others from being run.
   *
   * @param clock for which partitions are created
   * @param stop at zero, the migration ends, even during a statement
   * @param progress called every second
   * @throws InterruptedException if it was ended by {@code stop}
   */
  public static Result apply(
      DatabaseUrl url,
      Schema schema,
      Duration timeout,
      InstantSource clock,
      CountDownLatch stop,
      Runnable progress)
      throws StartException, InterruptedException {
    return apply(url, schema, timeout, clock, stop, progress, LockWait.DEFAULT);
  }

  public static Result apply(
      DatabaseUrl url,
      Schema schema,
      Duration timeout,
      InstantSource clock,
      CountDownLatch stop,
      Runnable progress,
      LockWait lockWait)
      throws StartException, InterruptedException {
    try (Connection connection = Connector.awaitConnection(url, timeout, stop);
        Connection turn = Connector.connect(url, timeout);
        MigrationWatch watch = new MigrationWatch(connection, url, stop, progress)) {
      // Building an index may take hours.
      connection.setNetworkTimeout(Runnable::run, 0);
      Migrator migrator = new Migrator(connection, turn, schema, clock, lockWait, stop, watch);
      migrator.awaitTurn();
      return migrator.run();
    } catch (SQLException e) {
      if (stop.getCount() == 0) {
        throw new InterruptedException("stopped during the migration");
      }
      throw Connector.refused("could not be migrated", e);
    }
  }

  /** A transaction on another connection holds the lock until that is closed. */
  private void awaitTurn() throws SQLException, StartException, InterruptedException {
    long start = System.nanoTime();
    boolean logged = false;
    while (!AdvisoryLock.MIGRATION.hold(turn)) {
      String holders = AdvisoryLock.MIGRATION.holders(connection);
      if (System.nanoTime() - start > lockWait.turn().toNanos()) {
        throw new StartException(
            "another migration of this database has not ended within %d s: %s"
                .formatted(lockWait.turn().toSeconds(), holders));
      }
      if (!logged) {
        logged = true;
        log.info("waiting for another migration of this database to end: {}", holders);
      }
      pause(Duration.ofMillis(500));
    }
    Connector.requireSecondConnection(connection);
  }

  private Result run() throws SQLException, StartException, InterruptedException {
    @Nullable Step last = null;
    boolean succeeded = false;
    int attempts = 0;
    while (true) {
      Migration migration = DatabaseTables.migration(connection, schema, clock.instant());
      Step next = migration.next(failures.keySet());
      if (next == null) {
        return new Result(migration, List.copyOf(failures.values()));
      }
      boolean again = next.equals(last);
      if (again && succeeded) {
        failures.put(next, next + ": has succeeded, but is still needed");
        continue;
      }
      attempts = again ? attempts + 1 : 1;
      last = next;
      succeeded = apply(next, attempts);
    }
  }

  /** Whether the step has succeeded; if not, it is to be retried, or among the failures. */
  private boolean apply(Step step, int attempt)
      throws SQLException, StartException, InterruptedException {
    log.info("migrating: {}", step);
    AdvisoryLock.checkHeld(turn);
    long start = System.nanoTime();
    try {
      execute(step);
      log.info("migrated in {} ms: {}", millisSince(start), step);
      return true;
    } catch (SQLException e) {
      if (stop.getCount() == 0 || !connection.isValid(VALIDATION_SECONDS)) {
        throw e;
      }
      if (!RETRYABLE.contains(String.valueOf(e.getSQLState()))) {
        fail(step, start, refused(step, e));
      } else if (attempt == lockWait.attempts()) {
        fail(step, start, new StartException(step + LOCKED));
      } else {
        log.info(
            "failed after {} ms, retrying in {} s: {}",
            millisSince(start),
            lockWait.pause().toSeconds(),
            e.getMessage());
        pause(lockWait.pause());
      }
    } catch (StartException e) {
      fail(step, start, e);
    }
    return false;
  }

  /** With the query that finds the rows, where these are the reason. */
  private static StartException refused(Step step, SQLException e) {
    StartException refused = Connector.refused("could not be migrated", e);
    return UNIQUE_VIOLATION.equals(e.getSQLState()) && step.note() != null
        ? new StartException(refused.getMessage() + "; " + step.note(), e)
        : refused;
  }

  private void fail(Step step, long start, StartException e) {
    log.warn("failed after {} ms: {}", millisSince(start), e.getMessage());
    failures.put(step, e.problems().get(0));
  }

  private void execute(Step step) throws SQLException, StartException {
    if (step.concurrent()) {
      LongStatements.prepare(connection, step);
    }
    try {
      watch.begin(step);
      StepRunner.run(connection, step, lockWait.attempt());
    } finally {
      watch.end();
    }
  }

  private static long millisSince(long start) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  private void pause(Duration time) throws InterruptedException {
    if (stop.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new InterruptedException("stopped during the migration");
    }
  }
}
