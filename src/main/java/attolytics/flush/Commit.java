package attolytics.flush;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.QueryExecutor;
import org.postgresql.core.ResultHandlerBase;
import org.postgresql.util.PSQLState;

/**
 * A COMMIT that counts only if the server itself says {@code COMMIT}. {@link Connection#commit()}
 * is content with any answer but {@code ROLLBACK}, and sends nothing at all where the driver
 * believes that there is no transaction: behind a connection pooler, it may be wrong in both.
 */
final class Commit extends ResultHandlerBase {
  private static final String COMMIT = "COMMIT";

  private @Nullable String tag;

  private Commit() {}

  /**
   * Commits.
   *
   * @throws SQLException if it failed, or with SQLSTATE 08007 if it is not known whether it did
   */
  static void run(Connection connection) throws SQLException {
    QueryExecutor executor = connection.unwrap(BaseConnection.class).getQueryExecutor();
    int flags =
        QueryExecutor.QUERY_ONESHOT // without a name
            | QueryExecutor.QUERY_SUPPRESS_BEGIN
            | QueryExecutor.QUERY_NO_METADATA
            | QueryExecutor.QUERY_NO_RESULTS;
    Commit handler = new Commit();
    executor.execute(executor.createSimpleQuery(COMMIT), null, handler, 0, 0, flags);
    handler.confirm();
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
    tag = status;
  }

  @Override
  public void handleWarning(SQLWarning warning) {
    // 25P01: there was no transaction. What the rows' was came to, nobody can say here.
    if (PSQLState.NO_ACTIVE_SQL_TRANSACTION.getState().equals(warning.getSQLState())) {
      handleError(
          new SQLException(
              warning.getMessage(), PSQLState.CONNECTION_FAILURE_DURING_TRANSACTION.getState()));
    }
  }
}
