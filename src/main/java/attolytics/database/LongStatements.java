package attolytics.database;

import attolytics.database.Migration.Step;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;

/**
 * Statements that PostgreSQL runs outside of a transaction only, for as long as they take. A limit
 * of the role's or the database's would break them off and leave an INVALID index; it can only be
 * set aside for the whole session. Behind a pooler that session is not ours: the statement may get
 * another, and somebody else this one.
 */
public final class LongStatements {
  /** Without us, nobody needs the index: PostgreSQL looks whether we are there, from 14 on. */
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
   * Sees to it that nothing breaks such a statement off.
   *
   * @param connection in no transaction
   * @throws StartException if that cannot be done
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

  /** Whether a pooler is between: it says of itself whose process serves the session. */
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
            "%s: not begun: %s would break it off, and can be set aside only on a direct connection, not through a connection pooler; run migrate with PostgreSQL's own address, or ALTER ROLE %s SET each of them to 0 until it is done"
                .formatted(step, limits, row.getString(2)));
      }
    }
  }
}
