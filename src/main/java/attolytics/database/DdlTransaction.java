package attolytics.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * Transactions that create or change tables. They have timeouts of their own: those meant for
 * queries do not end them, and writers do not wait long for their locks.
 */
public final class DdlTransaction {
  /**
   * Replace those of roles and databases, which are meant for queries. The locks of a frozen
   * instance are released when its session has been idle for too long.
   */
  private static final String TIMEOUTS =
      """
      SELECT set_config(name,
        CASE name WHEN 'idle_in_transaction_session_timeout' THEN '60s' ELSE '0' END, true)
      FROM pg_catalog.pg_settings WHERE name IN
        ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')
      """;

  /** For locks on existing tables. Short, because writers queue behind a waiting lock request. */
  public static final Duration LOCK_WAIT = Duration.ofSeconds(2);

  /** The SQLSTATE if a lock is not granted in time. */
  public static final String LOCK_NOT_AVAILABLE = "55P03";

  private DdlTransaction() {}

  /** Work in one transaction. */
  @FunctionalInterface
  public interface Work<T> {
    T get() throws SQLException;
  }

  /**
   * Runs the work in a transaction. The connection must not be in one, and is in none afterwards.
   *
   * @param commit decides by the result whether to commit or to roll back
   */
  public static <T> T run(Connection connection, Predicate<? super T> commit, Work<T> work)
      throws SQLException {
    boolean autoCommit = connection.getAutoCommit();
    try {
      begin(connection);
      T result = work.get();
      if (commit.test(result)) {
        connection.commit();
      } else {
        connection.rollback();
      }
      return result;
    } catch (SQLException | RuntimeException | Error e) { // else setAutoCommit would commit
      rollBack(connection, e);
      throw e;
    } finally {
      if (!connection.isClosed()) { // the exception would hide the cause
        connection.setAutoCommit(autoCommit);
      }
    }
  }

  /** Begins a transaction. Its settings end with it. */
  static void begin(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement sql = connection.createStatement()) {
      // At a stricter level, tables that another instance has just created are invisible.
      execute(sql, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
      execute(sql, TIMEOUTS);
    }
  }

  private static void rollBack(Connection connection, Throwable cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /** Limits how long the rest of the transaction waits for each lock. */
  public static void limitLockWait(Statement sql, Duration wait) throws SQLException {
    sql.execute("SET LOCAL lock_timeout = " + wait.toMillis());
  }

  /**
   * Executes a statement.
   *
   * @throws SQLException whose message begins with the statement
   */
  public static void execute(Statement sql, String statement) throws SQLException {
    try {
      sql.execute(statement);
    } catch (SQLException e) {
      throw new SQLException(statement + ": " + Connector.message(e), e.getSQLState(), e);
    }
  }
}
