package attolytics.database;

import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.PGConnection;

/** The encoding of a database. */
public final class ServerEncoding {
  private ServerEncoding() {}

  /** Whether the database stores every character. */
  public static boolean hasEveryCharacter(Connection connection) throws SQLException {
    String encoding = connection.unwrap(PGConnection.class).getParameterStatus("server_encoding");
    return encoding == null || encoding.equals("UTF8") || encoding.equals("SQL_ASCII");
  }
}
