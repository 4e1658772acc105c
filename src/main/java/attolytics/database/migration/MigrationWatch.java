package attolytics.database.migration;

import attolytics.database.Connector;
import attolytics.database.Migration.Step;
import attolytics.logging.GuardedTask;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs the progress of a migration, and cancels it, while its own thread waits for the database.
 */
final class MigrationWatch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(MigrationWatch.class);
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final long LOG_PERIOD_NANOS = TimeUnit.SECONDS.toNanos(10);

  // On another connection, because that of the migration is busy. By the statement, because the
  // driver does not know the server process behind a pooler. PostgreSQL keeps its first kilobyte.
  private static final String PROGRESS =
      """
      SELECT phase || CASE
        WHEN blocks_total > 0 THEN format(', block %s of %s', blocks_done, blocks_total)
        WHEN tuples_total > 0 THEN format(', row %s of %s', tuples_done, tuples_total)
        WHEN lockers_total > 0
          THEN format(', transaction %s of %s', lockers_done + 1, lockers_total)
        ELSE '' END
      FROM pg_catalog.pg_stat_progress_create_index JOIN pg_catalog.pg_stat_activity USING (pid)
      WHERE starts_with(?, query)
      """;

  private final Connection connection;
  private final DatabaseUrl url;
  private final CountDownLatch stop;
  private final Runnable progress;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "migration-watch");
            thread.setDaemon(true);
            return thread;
          });
  private volatile @Nullable Step step;
  private volatile long nextLog;

  /**
   * @param connection of the migration
   * @param stop at zero, the current statement is cancelled
   * @param progress is called every second
   */
  MigrationWatch(Connection connection, DatabaseUrl url, CountDownLatch stop, Runnable progress) {
    this.connection = connection;
    this.url = url;
    this.stop = stop;
    this.progress = progress;
    Future<?> unused =
        executor.scheduleWithFixedDelay(
            GuardedTask.of(this::check),
            PERIOD.toMillis(),
            PERIOD.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  void begin(Step next) {
    nextLog = System.nanoTime() + LOG_PERIOD_NANOS;
    step = next;
  }

  void end() {
    step = null;
  }

  private void check() {
    progress.run();
    try {
      if (stop.getCount() == 0) {
        connection.unwrap(PGConnection.class).cancelQuery();
      } else if (step != null && System.nanoTime() - nextLog > 0) {
        nextLog = System.nanoTime() + LOG_PERIOD_NANOS;
        logProgress(step);
      }
    } catch (SQLException | StartException e) {
      log.debug("Cannot query the progress of the migration", e);
    }
  }

  private void logProgress(@Nullable Step now) throws SQLException, StartException {
    try (Connection other = Connector.connect(url, Duration.ofSeconds(5));
        PreparedStatement query = other.prepareStatement(PROGRESS)) {
      query.setString(1, String.valueOf(now));
      try (ResultSet row = query.executeQuery()) {
        log.info(
            "in progress: {}: {}", now, row.next() ? row.getString(1) : "no progress reported");
      }
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
