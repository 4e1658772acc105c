package attolytics.quarantine;

import attolytics.buffer.NanoClock;
import attolytics.database.Connector;
import attolytics.flush.transaction.RowWriter;
import attolytics.logging.LogMarkers;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something that is done to the quarantine again and again, by one thread at a time. It says when
 * it begins to fail and when it works again.
 */
final class UpkeepTask {
  /** What a run does. */
  @FunctionalInterface
  interface Work {
    /**
     * Does it, in transactions that are {@linkplain #begin begun} here.
     *
     * @throws SQLException if the database fails; the next run tries again
     */
    void run() throws SQLException;
  }

  private static final Logger log = LoggerFactory.getLogger(UpkeepTask.class);

  private static final int LOCK_MILLIS = 1_000;

  /** For the server's answer that a statement took too long: it gives up before the driver does. */
  private static final Duration MARGIN = Duration.ofSeconds(5);

  private final String failure;
  private final String success;
  private final Duration statementTimeout;
  private final int pauseFactor;
  private final NanoClock clock;
  private final Work work;
  private boolean failing;
  private long pauseBegan;
  private long pauseNanos;

  /**
   * @param failure what it means that it fails, for the log
   * @param success what it means that it works again
   * @param statementTimeout for each statement
   * @param pauseFactor how much longer than a run the pause after it is at least, so that the
   *     database is not kept busy
   */
  UpkeepTask(
      String failure,
      String success,
      Duration statementTimeout,
      int pauseFactor,
      NanoClock clock,
      Work work) {
    this.failure = failure;
    this.success = success;
    this.statementTimeout = statementTimeout;
    this.pauseFactor = pauseFactor;
    this.clock = clock;
    this.work = work;
    this.pauseBegan = clock.nanoTime();
  }

  /** Runs, unless it is too early. */
  void run() {
    long begin = clock.nanoTime();
    if (begin - pauseBegan < pauseNanos) {
      return;
    }
    try {
      work.run();
      worked();
    } catch (SQLException e) {
      failed(e);
    }
    pauseBegan = clock.nanoTime();
    pauseNanos = pauseFactor * (pauseBegan - begin);
  }

  private void worked() {
    if (failing) {
      failing = false;
      log.atInfo().addMarker(LogMarkers.STATE_CHANGE).log(success);
    }
  }

  private void failed(SQLException e) {
    if (isUnreachable(e)) { // readiness says so
      log.debug("{}: {}", failure, e.getMessage());
      return;
    }
    // An interrupt is the end of the service, which closes the connections.
    if (!failing && !Thread.currentThread().isInterrupted()) {
      failing = true;
      log.atWarn()
          .addMarker(LogMarkers.STATE_CHANGE)
          .log("{}, which is tried again and again: {}", failure, Connector.cause(e));
    }
  }

  /**
   * Whether the pool cannot connect. Without a cause, no connection was free, or the server has not
   * answered; and a server may refuse one more connection, but go on with those that there are.
   */
  private static boolean isUnreachable(SQLException e) {
    return e instanceof SQLTransientConnectionException
        && e.getCause() instanceof SQLException cause
        && !String.valueOf(cause.getSQLState()).startsWith("53");
  }

  /** Begins a transaction. The pool resets the timeout of the network, and rolls back. */
  void begin(Connection connection) throws SQLException {
    connection.setNetworkTimeout(Runnable::run, (int) statementTimeout.plus(MARGIN).toMillis());
    RowWriter.begin(connection, LOCK_MILLIS);
    try (Statement sql = connection.createStatement()) {
      sql.execute("SET LOCAL statement_timeout = " + statementTimeout.toMillis());
    }
  }
}
