package attolytics.database.migration;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The server and database of a connection, which decide whether tables can be written to.
 *
 * @param version such as 15.4
 * @param versionNumber such as 150004 for 15.4
 * @param encoding of the database, such as UTF8
 * @param readOnly whether transactions are read-only
 */
record Target(String version, int versionNumber, String encoding, boolean readOnly) {
  /** The first with {@code pg_current_xact_id()}. */
  private static final int OLDEST_VERSION = 13;

  private static final String INTO_UTF8 =
      "to fix that, restore a dump into a database created with CREATE DATABASE … ENCODING 'UTF8'"
          + " TEMPLATE template0";

  private static final String TARGET =
      """
      SELECT current_setting('server_version') AS version,
        current_setting('server_version_num')::int AS version_number,
        current_setting('server_encoding') AS encoding,
        current_setting('transaction_read_only')::bool AS read_only
      """;

  static Target of(Connection connection) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(TARGET);
        ResultSet row = query.executeQuery()) {
      row.next();
      return new Target(
          row.getString("version"),
          row.getInt("version_number"),
          row.getString("encoding"),
          row.getBoolean("read_only"));
    }
  }

  /** Why no table can be written to. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    if (versionNumber < OLDEST_VERSION * 10_000) {
      problems.add(
          "the server is PostgreSQL %s, but has to be %d or newer"
              .formatted(version, OLDEST_VERSION));
    }
    if (readOnly) {
      problems.add(
          "the database is read-only: it is a standby, or default_transaction_read_only is on; name"
              + " the primary server, or turn that setting off");
    }
    return problems;
  }

  /** Values that the database refuses or misinterprets. */
  List<String> warnings() {
    return switch (encoding) {
      case "UTF8" -> List.of();
      case "SQL_ASCII" ->
          List.of(
              "the encoding of the database is SQL_ASCII: it stores UTF-8 as the service sends it, but"
                  + " treats each byte as a character, in lengths, patterns and the order of"
                  + " strings; "
                  + INTO_UTF8);
      default ->
          List.of(
              "the encoding of the database is %s: events with characters that it does not have are"
                      .formatted(encoding)
                  + " refused with 400, or put into quarantine; "
                  + INTO_UTF8);
    };
  }
}
