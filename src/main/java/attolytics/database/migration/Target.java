package attolytics.database.migration;

import attolytics.database.ExistingTable;
import attolytics.database.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The server, database, schema and user of a connection, which decide what can be created.
 *
 * @param version such as 15.4
 * @param versionNumber such as 150004 for 15.4
 * @param encoding of the database, such as UTF8
 * @param readOnly whether transactions are read-only
 * @param user the current user, quoted if necessary
 * @param schema the first existing schema of the search path, quoted if necessary, or null
 * @param mayCreate whether the user may create tables there
 */
record Target(
    String version,
    int versionNumber,
    String encoding,
    boolean readOnly,
    String user,
    @Nullable String schema,
    boolean mayCreate) {
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
        current_setting('transaction_read_only')::bool AS read_only,
        quote_ident(current_user) AS user,
        quote_ident(current_schema()) AS schema,
        has_schema_privilege(current_schema(), 'CREATE') AS may_create
      """;

  // A table's row type has the name of the table. PostgreSQL renames an array type of that name.
  private static final String TYPE =
      """
      SELECT typtype = 'd' AS is_domain FROM pg_catalog.pg_type AS type
      WHERE typname = ? AND typnamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS item WHERE item.typarray = type.oid)
      """;

  static Target of(Connection connection) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(TARGET);
        ResultSet row = query.executeQuery()) {
      row.next();
      return new Target(
          row.getString("version"),
          row.getInt("version_number"),
          row.getString("encoding"),
          row.getBoolean("read_only"),
          row.getString("user"),
          row.getString("schema"),
          row.getBoolean("may_create"));
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
                  + " refused with 400; "
                  + INTO_UTF8);
    };
  }

  /** Why a missing table cannot be created. */
  List<String> whyNotCreate(Connection connection, String name) throws SQLException {
    String table = "table " + Identifiers.quote(name);
    if (schema == null) {
      return List.of(
          table
              + " does not exist, and no schema of the search path exists in which to create it;"
              + " CREATE SCHEMA public, or set the search_path of the user "
              + user);
    }
    if (!mayCreate) {
      return List.of(
          "%s does not exist, and the user %s may not create it; GRANT CREATE ON SCHEMA %s TO %s, or"
                  .formatted(table, user, schema, user)
              + " have it created by somebody else: `check` prints the statements");
    }
    String inTheWay = otherType(connection, name);
    return inTheWay == null
        ? List.of()
        : List.of(ExistingTable.nameTaken(Identifiers.quote(name), inTheWay));
  }

  private static @Nullable String otherType(Connection connection, String name)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(TYPE)) {
      query.setString(1, name);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getBoolean("is_domain") ? "DOMAIN" : "TYPE" : null;
      }
    }
  }
}
