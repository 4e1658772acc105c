package attolytics.flush;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Names a transaction so that its fate can be asked for on another connection.
 *
 * @param xid PostgreSQL's 64-bit transaction id
 * @param timeline of the WAL, in hexadecimal: after a failover ids are given out anew
 */
record TransactionId(String xid, String timeline) {
  /** What became of a transaction. */
  enum Fate {
    COMMITTED,
    ABORTED,
    IN_PROGRESS,
    UNKNOWN
  }

  private static final String TIMELINE = "substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)";

  /** The connection's transaction; begins it where there is none. */
  static TransactionId current(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery("SELECT pg_current_xact_id()::text, " + TIMELINE)) {
      result.next();
      return new TransactionId(result.getString(1), result.getString(2));
    }
  }

  /** What became of this transaction, asked on a connection other than its own. */
  Fate fate(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT CASE WHEN " + TIMELINE + " = ? THEN pg_xact_status(?::xid8) END")) {
      statement.setString(1, timeline);
      statement.setString(2, xid);
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        String status = result.getString(1);
        return status == null
            ? Fate.UNKNOWN
            : switch (status) {
              case "committed" -> Fate.COMMITTED;
              case "aborted" -> Fate.ABORTED;
              case "in progress" -> Fate.IN_PROGRESS;
              default -> Fate.UNKNOWN;
            };
      }
    }
  }
}
