package attolytics.database;

import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Queries periodically whether the database accepts writes. The last result is available at any
 * time, even while a query waits for its response.
 */
public final class DatabaseProbe implements Runnable {
  private static final String QUERY = "SHOW transaction_read_only";
  private static final Duration TIMEOUT = Duration.ofMillis(1_500);
  private static final String NO_RESPONSE = "the database does not respond";
  private static final String UNREACHABLE = "the database is unreachable";

  private final DataSource database;
  private volatile @Nullable String problem;
  private volatile @Nullable Long startNanos;

  /**
   * @param database a pool that gives connections within a bounded time, or fails
   */
  public DatabaseProbe(DataSource database) {
    this.database = database;
  }

  /** Queries once. One thread at a time. */
  @Override
  public void run() {
    startNanos = System.nanoTime();
    try {
      problem = query();
    } finally {
      startNanos = null;
    }
  }

  /** Why the database accepts no writes, or null if it does. Any thread; does not block. */
  public @Nullable String problem() {
    String known = problem;
    Long start = startNanos;
    boolean overdue = start != null && System.nanoTime() - start > TIMEOUT.toNanos();
    return known == null && overdue ? NO_RESPONSE : known;
  }

  private @Nullable String query() {
    try (Connection connection = database.getConnection()) {
      // The pool resets it, and rolls back.
      connection.setNetworkTimeout(Runnable::run, (int) TIMEOUT.toMillis());
      try (Statement statement = connection.createStatement();
          ResultSet answer = statement.executeQuery(QUERY)) {
        answer.next();
        return answer.getBoolean(1) ? "the database is read-only" : null;
      }
    } catch (SQLException e) {
      return describe(e);
    }
  }

  /** A timeout of the pool or the driver itself confirms what was known before. */
  private String describe(SQLException e) {
    Throwable root = e;
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      root = cause;
    }
    boolean waited = problem == null && root instanceof SQLTransientConnectionException;
    boolean waitsOn = NO_RESPONSE.equals(problem) && root instanceof SQLException;
    return waited || waitsOn || root instanceof SocketTimeoutException ? NO_RESPONSE : UNREACHABLE;
  }
}
