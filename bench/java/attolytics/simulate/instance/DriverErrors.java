package attolytics.simulate.instance;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

/** What the driver throws. */
final class DriverErrors {
  static final String LOCK_NOT_AVAILABLE = "55P03";
  static final String QUERY_CANCELED = "57014";
  static final String UNIQUE_VIOLATION = "23505";

  private DriverErrors() {}

  /** What the server itself reports. */
  static SQLException server(String sqlState) {
    return server(sqlState, null);
  }

  /**
   * The same.
   *
   * @param context of the error, such as a row
   */
  static SQLException server(String sqlState, @Nullable String context) {
    String where = context == null ? "" : "\0W" + context;
    return new PSQLException(
        new ServerErrorMessage("SERROR\0C" + sqlState + "\0Msimulated" + where + "\0Rsimulated\0"));
  }

  /** What a proxy before the server reports. */
  static SQLException proxy(String sqlState) {
    return new PSQLException(new ServerErrorMessage("SFATAL\0C" + sqlState + "\0Msimulated\0"));
  }

  /** The connection broke. */
  static SQLException broken() {
    return new PSQLException("the connection broke", PSQLState.CONNECTION_FAILURE);
  }

  /** There is no connection. */
  static SQLException refused() {
    return new PSQLException("no connection", PSQLState.CONNECTION_UNABLE_TO_CONNECT);
  }

  /** Whether the server says where the error came up. */
  static boolean hasContext(SQLException e) {
    ServerErrorMessage message =
        e instanceof PSQLException error ? error.getServerErrorMessage() : null;
    return message != null && message.getWhere() != null;
  }
}
