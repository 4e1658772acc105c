package attolytics.database;

import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.time.Duration;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Queries periodically whether the database accepts writes. The last result is available at any
 * time, even while a query waits for its response.
 */
public final class DatabaseProbe implements Runnable {
  private static final String QUERY = "SHOW transaction_read_only";
  private static final Duration TIMEOUT = Duration.ofMillis(1_500);
  private static final String READ_ONLY = "the database is read-only";
  private static final String NO_RESPONSE = "the database does not respond";
  private static final String UNREACHABLE = "the database is unreachable";

  /**
   * Why the database accepts no writes.
   *
   * @param cause the words of the driver or the server, or null
   */
  public record Problem(String reason, @Nullable String cause) {}

  private record Start(long nanos, long commits) {}

  private final DataSource database;
  private final LongSupplier commits;
  private volatile @Nullable Problem problem;
  private volatile @Nullable Start start;

  /**
   * @param database a pool that gives connections within a bounded time, or fails
   * @param commits counts the transactions that others have committed
   */
  public DatabaseProbe(DataSource database, LongSupplier commits) {
    this.database = database;
    this.commits = commits;
  }

  /** Queries once. One thread at a time. */
  @Override
  public void run() {
    Start now = new Start(System.nanoTime(), commits.getAsLong());
    start = now;
    try {
      Problem found = query();
      problem = acceptedWritesSince(now) ? null : found;
    } finally {
      start = null;
    }
  }

  /**
   * What the query meets may be a pool without a free connection, or a machine that is busy with
   * the writers' own load. COMMITs meanwhile prove that the database accepts writes.
   */
  private boolean acceptedWritesSince(Start begin) {
    return commits.getAsLong() > begin.commits();
  }

  /** Why the database accepts no writes, or null if it does. Any thread; does not block. */
  public @Nullable String problem() {
    Problem now = currentProblem();
    return now == null ? null : now.reason();
  }

  /** The same, with what is known of it. */
  public @Nullable Problem currentProblem() {
    Problem known = problem;
    Start running = start;
    if (known != null || running == null) {
      return known;
    }
    boolean overdue = System.nanoTime() - running.nanos() > TIMEOUT.toNanos();
    return overdue && !acceptedWritesSince(running) ? new Problem(NO_RESPONSE, null) : null;
  }

  private @Nullable Problem query() {
    try (Connection connection = database.getConnection()) {
      // The pool resets it, and rolls back.
      connection.setNetworkTimeout(Runnable::run, (int) TIMEOUT.toMillis());
      try (Statement statement = connection.createStatement();
          ResultSet answer = statement.executeQuery(QUERY)) {
        answer.next();
        return answer.getBoolean(1) ? new Problem(READ_ONLY, null) : null;
      }
    } catch (SQLException e) {
      return new Problem(reason(e), Connector.cause(e));
    }
  }

  /** A timeout of the pool or the driver itself confirms what was known before. */
  private String reason(SQLException e) {
    Problem before = currentProblem(); // the query may be overdue
    Throwable root = root(e);
    boolean waited = before == null && root instanceof SQLTransientConnectionException;
    boolean waitsOn =
        before != null && before.reason().equals(NO_RESPONSE) && root instanceof SQLException;
    return waited || waitsOn || root instanceof SocketTimeoutException ? NO_RESPONSE : UNREACHABLE;
  }

  private static Throwable root(SQLException e) {
    Throwable root = e;
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      root = cause;
    }
    return root;
  }
}
