package attolytics.flush.transaction;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.QueryExecutor;
import org.postgresql.core.ResultHandlerBase;
import org.postgresql.util.PSQLState;

/**
 * A COMMIT that counts only if the server itself says {@code COMMIT}. {@link Connection#commit()}
 * accepts any answer but {@code ROLLBACK}, and sends nothing at all where the driver believes that
 * there is no transaction: behind a connection pooler, it may be wrong in both.
 *
 * <p>In the same round trip, before it, deferred constraints and triggers run as a statement of
 * their own: within a COMMIT no statement timeout would bound them.
 */
public final class Commit extends ResultHandlerBase {
  private static final String COMMIT = "COMMIT";
  private static final String CHECK = "SET CONSTRAINTS ALL IMMEDIATE";
  private static final String CHECK_AND_COMMIT = CHECK + ";" + COMMIT;

  private @Nullable String tag;
  private boolean checked;

  /** Runs the first of its statements only. */
  static void checkConstraints(Connection connection) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.execute(CHECK);
    }
  }

  /**
   * Whether the server has answered that the constraints hold, so that a failure is the COMMIT's.
   */
  public boolean checked() {
    return checked;
  }

  /**
   * Commits.
   *
   * @throws SQLException if it failed, or with SQLSTATE 08007 if it is not known whether it did
   */
  public void run(Connection connection) throws SQLException {
    QueryExecutor executor = connection.unwrap(BaseConnection.class).getQueryExecutor();
    int flags =
        QueryExecutor.QUERY_ONESHOT // without a name
            | QueryExecutor.QUERY_SUPPRESS_BEGIN
            | QueryExecutor.QUERY_NO_METADATA
            | QueryExecutor.QUERY_NO_RESULTS;
    executor.execute(executor.createSimpleQuery(CHECK_AND_COMMIT), null, this, 0, 0, flags);
    confirm();
  }

  private void confirm() throws SQLException {
    if (!COMMIT.equals(tag)) {
      throw new SQLException(
          "the server answered COMMIT with " + tag,
          PSQLState.CONNECTION_FAILURE_DURING_TRANSACTION.getState());
    }
  }

  @Override
  public void handleCommandStatus(String status, long updateCount, long insertOid) {
    checked = true;
    tag = status;
  }

  @Override
  public void handleWarning(SQLWarning warning) {
    // 25P01: there was no transaction. What became of the one with the rows is unknown.
    if (PSQLState.NO_ACTIVE_SQL_TRANSACTION.getState().equals(warning.getSQLState())) {
      handleError(
          new SQLException(
              warning.getMessage(), PSQLState.CONNECTION_FAILURE_DURING_TRANSACTION.getState()));
    }
  }
}
