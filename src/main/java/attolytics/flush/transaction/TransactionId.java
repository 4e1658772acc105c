package attolytics.flush.transaction;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * Names a transaction so that another connection can be asked for its status.
 *
 * @param xid PostgreSQL's 64-bit transaction id; empty where the server has no such names
 * @param timeline of the WAL, in hexadecimal: after a failover ids are assigned again
 * @param began when it began, by the server's clock, in seconds since the epoch
 */
public record TransactionId(String xid, String timeline, double began) {
  /** Of a server that cannot be asked for the status of a transaction. */
  private static final TransactionId NONE = new TransactionId("", "", 0);

  private static final String TIMELINE = "substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)";

  // Level and limits end with the transaction: behind a pooler the session is not ours. What an
  // instance that is frozen holds is free again when its session has been idle for too long.
  private static final String LIMITS =
      "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
          + " SELECT set_config('lock_timeout', ?, true), set_config('statement_timeout', ?, true),"
          + " set_config('idle_in_transaction_session_timeout', ?, true)";

  // All in one round trip, together with the BEGIN.
  private static final String BEGIN =
      LIMITS + ", pg_current_xact_id()::text, " + TIMELINE + ", extract(epoch FROM now())::float8";

  // After a crash, an id that had not reached the disk is assigned again. Statistics outlast
  // every stop but a crash.
  private static final String STATUS =
      "SELECT CASE WHEN "
          + TIMELINE
          + " = ? THEN pg_xact_status(?::xid8) END,"
          + " pg_stat_get_bgwriter_stat_reset_time() < to_timestamp(?)";

  /**
   * Begins a transaction with these limits.
   *
   * @param lookup how the outcome of a lost COMMIT will be learnt
   */
  static TransactionId begin(Connection connection, TimeLimits limits, OutcomeLookup lookup)
      throws SQLException {
    boolean named = lookup == OutcomeLookup.BY_TRANSACTION;
    try (PreparedStatement statement = connection.prepareStatement(named ? BEGIN : LIMITS)) {
      statement.setString(1, Integer.toString(limits.lockMillis()));
      statement.setString(2, millis(limits.statementNanos()));
      statement.setString(3, millis(limits.totalNanos()));
      statement.execute();
      statement.getMoreResults(); // past that of SET
      try (ResultSet result = statement.getResultSet()) {
        result.next();
        return named
            ? new TransactionId(result.getString(4), result.getString(5), result.getDouble(6))
            : NONE;
      }
    }
  }

  /** None would be no limit. */
  private static String millis(long nanos) {
    return Long.toString(Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos)));
  }

  /** For an operator who looks for it in the log of PostgreSQL ({@code %x}). */
  @Override
  public String toString() {
    return isKnown()
        ? "transaction %s of timeline %s, begun at %s"
            .formatted(xid, timeline, Instant.ofEpochMilli(Math.round(began * 1_000)))
        : "a transaction without an id";
  }

  /** Whether the server can be asked for its status. */
  public boolean isKnown() {
    return !xid.isEmpty();
  }

  /** The status of this transaction, which is known. Asked on a connection not its own. */
  TransactionStatus status(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(STATUS)) {
      statement.setString(1, timeline);
      statement.setString(2, xid);
      statement.setDouble(3, began);
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        String status = result.getString(1);
        boolean isOurs = result.getBoolean(2);
        return status == null
            ? TransactionStatus.UNKNOWN
            : switch (status) {
              case "committed" -> isOurs ? TransactionStatus.COMMITTED : TransactionStatus.UNKNOWN;
              case "aborted" -> TransactionStatus.ABORTED;
              case "in progress" -> TransactionStatus.UNDECIDED;
              default -> TransactionStatus.UNKNOWN;
            };
      }
    }
  }
}
