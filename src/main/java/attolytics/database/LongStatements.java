package attolytics.database;

import attolytics.database.Migration.Step;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;

/**
 * Prepares for statements that PostgreSQL runs only outside of a transaction, and that may take
 * hours. A timeout of the role or the database would cancel them and leave an INVALID index. It can
 * only be disabled for the whole session, which is not possible behind a pooler: the statement may
 * run in another session, and another client may get this one.
 */
public final class LongStatements {
  /** From 14 on, PostgreSQL also cancels the statement if this client is gone. */
  private static final String SET =
      """
      SELECT set_config(name, CASE name WHEN 'client_connection_check_interval' THEN '5s' ELSE '0' END,
        false)
      FROM pg_catalog.pg_settings
      WHERE name IN ('statement_timeout', 'transaction_timeout', 'lock_timeout',
        'idle_session_timeout', 'client_connection_check_interval')
      """;

  private static final String LIMITS =
      """
      SELECT string_agg(format('%s = %s ms', name, greatest(setting::int, reset_val::int)), ', '),
        quote_ident(current_user)
      FROM pg_catalog.pg_settings
      WHERE name IN ('statement_timeout', 'transaction_timeout', 'lock_timeout')
        AND (setting <> '0' OR reset_val <> '0')
      """;

  private LongStatements() {}

  /**
   * Makes sure that no timeout cancels such a statement.
   *
   * @param connection in no transaction
   * @throws StartException if that is not possible
   */
  public static void prepare(Connection connection, Step step) throws SQLException, StartException {
    if (isPooled(connection)) {
      refuseLimits(connection, step);
    } else {
      try (Statement sql = connection.createStatement()) {
        sql.execute(SET);
      }
    }
  }

  /** Whether there is a pooler: it reports another process than the one that serves the query. */
  private static boolean isPooled(Connection connection) throws SQLException {
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return row.getInt(1) != connection.unwrap(PGConnection.class).getBackendPID();
    }
  }

  private static void refuseLimits(Connection connection, Step step)
      throws SQLException, StartException {
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(LIMITS)) {
      row.next();
      String limits = row.getString(1);
      if (limits != null) {
        throw new StartException(
            "%s: not started: %s would cancel it, and cannot be disabled through a connection pooler; run migrate on a direct connection to PostgreSQL, or ALTER ROLE %s SET each of them to 0 until it is done"
                .formatted(step, limits, row.getString(2)));
      }
    }
  }
}
