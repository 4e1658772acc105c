package attolytics;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * SQL on a connection, in one line; {@link TestDatabase} has the same on connections of its own.
 */
public final class Sql {
  private Sql() {}

  /** Runs the statements one after the other. */
  public static void execute(Connection connection, String... statements) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      for (String statement : statements) {
        sql.execute(statement);
      }
    }
  }

  /** The first column of all rows, with "null" for NULL. */
  public static List<String> rows(Connection connection, String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(query)) {
      while (row.next()) {
        rows.add(String.valueOf(row.getString(1)));
      }
    }
    return rows;
  }

  /** The first column of the first row, with "null" for NULL. */
  public static String value(Connection connection, String query) throws SQLException {
    return rows(connection, query).get(0);
  }
}
