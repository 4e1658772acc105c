package attolytics.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Queries periodically what an operator wants to know of the database: its name, the server's
 * version, its size. The last result is available at any time.
 */
public final class DatabaseDetails implements Runnable {
  /** Between queries. The size costs the server a look at every file of the database. */
  public static final Duration PERIOD = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(DatabaseDetails.class);

  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private static final String LIMIT = "SET LOCAL statement_timeout = " + TIMEOUT.toMillis();

  private static final String NAME = "SELECT current_database(), current_setting('server_version')";

  private static final String SIZE = "SELECT pg_database_size(current_database())";

  /**
   * What is known of the database.
   *
   * @param bytes its size, or null if the server does not tell it in time
   */
  public record Details(String name, String serverVersion, @Nullable Long bytes) {}

  private final DataSource database;
  private volatile @Nullable Details details;

  /**
   * @param database whose connections do not commit by themselves
   */
  public DatabaseDetails(DataSource database) {
    this.database = database;
  }

  /** Queries once. If the database fails, the last result stays. */
  @Override
  public void run() {
    try (Connection connection = database.getConnection()) {
      // The pool resets it, and rolls back.
      connection.setNetworkTimeout(Runnable::run, (int) TIMEOUT.multipliedBy(2).toMillis());
      try (Statement sql = connection.createStatement()) {
        sql.execute(LIMIT);
        Details named = queryName(sql);
        details = named;
        details = new Details(named.name(), named.serverVersion(), querySize(sql));
      }
    } catch (SQLException e) {
      log.debug("Cannot query name, version and size of the database: {}", e.getMessage());
    }
  }

  private Details queryName(Statement sql) throws SQLException {
    Details before = details;
    try (ResultSet row = sql.executeQuery(NAME)) {
      row.next();
      return new Details(
          row.getString(1), row.getString(2), before == null ? null : before.bytes());
    }
  }

  private static @Nullable Long querySize(Statement sql) throws SQLException {
    try (ResultSet row = sql.executeQuery(SIZE)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** The last result, or null if there was none yet. Any thread; does not block. */
  public @Nullable Details details() {
    return details;
  }
}
