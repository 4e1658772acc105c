package attolytics.flush;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;

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

  // All in one round trip, together with the BEGIN. The limits end with the transaction.
  private static final String BEGIN =
      "SELECT pg_current_xact_id()::text, "
          + TIMELINE
          + ", set_config('lock_timeout', ?, true), set_config('statement_timeout', ?, true)";

  /** Begins a transaction with these limits. */
  static TransactionId begin(Connection connection, CopyTransaction.TimeLimits limits)
      throws SQLException {
    long totalMillis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(limits.totalNanos()));
    try (PreparedStatement statement = connection.prepareStatement(BEGIN)) {
      statement.setString(1, Integer.toString(limits.lockMillis()));
      statement.setString(2, Long.toString(totalMillis));
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        return new TransactionId(result.getString(1), result.getString(2));
      }
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
