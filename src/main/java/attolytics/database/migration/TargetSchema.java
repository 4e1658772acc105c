package attolytics.database.migration;

import attolytics.database.ExistingTable;
import attolytics.database.Identifiers;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A schema of the database in which tables are to be, and what the user may do there.
 *
 * @param name quoted if necessary; null if no schema of the search path exists
 * @param usable whether the user may refer to its tables
 * @param mayCreateTables whether the user may create tables there
 * @param mayCreateSchemas whether the user may create schemas in the database
 * @param database quoted if necessary
 * @param user quoted if necessary
 */
record TargetSchema(
    @Nullable String name,
    boolean exists,
    boolean usable,
    boolean mayCreateTables,
    boolean mayCreateSchemas,
    String database,
    String user) {
  private static final String SCHEMA =
      """
      SELECT quote_ident(wanted) AS name, pg_namespace.oid IS NOT NULL AS exists,
        has_schema_privilege(pg_namespace.oid, 'USAGE') AS usable,
        has_schema_privilege(pg_namespace.oid, 'CREATE') AS may_create_tables,
        has_database_privilege(current_database(), 'CREATE') AS may_create_schemas,
        quote_ident(current_database()) AS database, quote_ident(current_user) AS user
      FROM (SELECT coalesce(?, current_schema()::text) AS wanted) AS given
        LEFT JOIN pg_catalog.pg_namespace ON nspname = wanted
      """;

  // A table's row type has the name of the table. PostgreSQL renames an array type of that name.
  private static final String TYPE =
      """
      SELECT typtype = 'd' AS is_domain FROM pg_catalog.pg_type AS type
      WHERE typname = ? AND typnamespace = to_regnamespace(?)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS item WHERE item.typarray = type.oid)
      """;

  /**
   * Queries a schema.
   *
   * @param name not quoted; null for the first of the search path that exists
   */
  static TargetSchema of(Connection connection, @Nullable String name) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(SCHEMA)) {
      query.setString(1, name);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return new TargetSchema(
            row.getString("name"),
            row.getBoolean("exists"),
            row.getBoolean("usable"),
            row.getBoolean("may_create_tables"),
            row.getBoolean("may_create_schemas"),
            row.getString("database"),
            row.getString("user"));
      }
    }
  }

  /** The statement that creates a schema; another instance may be faster. */
  static String creation(String name) {
    return "CREATE SCHEMA IF NOT EXISTS " + Identifiers.quote(name);
  }

  /** Why none of its tables can be used. */
  List<String> problems() {
    if (!exists && name != null && !mayCreateSchemas) {
      return List.of(
          "schema %s does not exist, and the user %s may not create it; GRANT CREATE ON DATABASE %s TO %s, or have it created by somebody else: CREATE SCHEMA %s AUTHORIZATION %s"
              .formatted(name, user, database, user, name, user));
    }
    if (exists && !usable) {
      return List.of(
          "schema %s: the user %s may not use it; GRANT USAGE ON SCHEMA %s TO %s"
              .formatted(name, user, name, user));
    }
    return List.of();
  }

  /** Why a missing table cannot be created there. */
  List<String> whyNotCreate(Connection connection, String quotedTable, String tableName)
      throws SQLException {
    String table = "table " + quotedTable;
    if (name == null) {
      return List.of(
          table
              + " does not exist, and no schema of the search path exists in which to create it;"
              + " CREATE SCHEMA public, or set the search_path of the user "
              + user);
    }
    if (exists && !mayCreateTables) {
      return List.of(
          "%s does not exist, and the user %s may not create it; GRANT CREATE ON SCHEMA %s TO %s, or"
                  .formatted(table, user, name, user)
              + " have it created by somebody else: `check` prints the statements");
    }
    String inTheWay = otherType(connection, tableName);
    return inTheWay == null ? List.of() : List.of(ExistingTable.nameTaken(quotedTable, inTheWay));
  }

  private @Nullable String otherType(Connection connection, String tableName) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(TYPE)) {
      query.setString(1, tableName);
      query.setString(2, name);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getBoolean("is_domain") ? "DOMAIN" : "TYPE" : null;
      }
    }
  }

  /** Whether a dot in a table's name may have been meant to separate it from its schema. */
  static List<String> warnings(List<Table> tables) {
    return tables.stream()
        .filter(table -> table.name().indexOf('.') >= 0)
        .map(
            table ->
                "table %s: the dot is a part of its name, and names no schema, for which there is the key `schema`%s"
                    .formatted(Identifiers.quote(table), suggestion(table.name())))
        .toList();
  }

  private static String suggestion(String name) {
    int dot = name.indexOf('.');
    String schema = name.substring(0, dot);
    String table = name.substring(dot + 1);
    return schema.isEmpty() || table.isEmpty()
        ? ""
        : "; name the table `%s`, and give it `schema: %s`".formatted(table, schema);
  }
}
