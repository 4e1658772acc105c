package attolytics.app;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Asks the database now and then whether it takes rows. The verdict is there at any time, even
 * while the database keeps an answer waiting.
 */
final class DatabaseProbe implements Runnable {
  private static final String QUESTION = "SHOW transaction_read_only";
  private static final Duration PATIENCE = Duration.ofMillis(1_500);

  private final DataSource database;
  private volatile @Nullable String trouble;
  private volatile @Nullable Long askedNanos;

  /**
   * @param database whose connections come within bounded time, or not at all
   */
  DatabaseProbe(DataSource database) {
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
  @Nullable String trouble() {
    Long asked = askedNanos;
    return asked != null && System.nanoTime() - asked > PATIENCE.toNanos()
        ? "the database does not answer"
        : trouble;
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
      return "the database is away";
    }
  }
}
