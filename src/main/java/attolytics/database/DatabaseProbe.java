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
 * Asks the database now and then whether it takes rows. The verdict is there at any time, even
 * while the database keeps an answer waiting.
 */
public final class DatabaseProbe implements Runnable {
  private static final String QUESTION = "SHOW transaction_read_only";
  private static final Duration PATIENCE = Duration.ofMillis(1_500);
  private static final String SILENT = "the database does not answer";
  private static final String AWAY = "the database is away";

  private final DataSource database;
  private volatile @Nullable String trouble;
  private volatile @Nullable Long askedNanos;

  /**
   * @param database whose connections come within bounded time, or not at all
   */
  public DatabaseProbe(DataSource database) {
    this.database = database;
  }

  /** Asks. To be called again and again, by one thread at a time. */
  @Override
  public void run() {
    askedNanos = System.nanoTime();
    try {
      trouble = ask();
    } finally {
      askedNanos = null;
    }
  }

  /** Why the database takes no rows, or null if it does. Any thread, at once. */
  public @Nullable String problem() {
    String known = trouble;
    Long asked = askedNanos;
    boolean overdue = asked != null && System.nanoTime() - asked > PATIENCE.toNanos();
    return known == null && overdue ? SILENT : known;
  }

  private @Nullable String ask() {
    try (Connection connection = database.getConnection()) {
      // The pool undoes that, and rolls back.
      connection.setNetworkTimeout(Runnable::run, (int) PATIENCE.toMillis());
      try (Statement statement = connection.createStatement();
          ResultSet answer = statement.executeQuery(QUESTION)) {
        answer.next();
        return answer.getBoolean(1) ? "the database is read-only" : null;
      }
    } catch (SQLException e) {
      return verdict(e);
    }
  }

  /** Pool and driver have timeouts of their own, which tell no more than was known before. */
  private String verdict(SQLException e) {
    Throwable root = e;
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      root = cause;
    }
    boolean waited = trouble == null && root instanceof SQLTransientConnectionException;
    boolean waitsOn = SILENT.equals(trouble) && root instanceof SQLException;
    return waited || waitsOn || root instanceof SocketTimeoutException ? SILENT : AWAY;
  }
}
