package attolytics.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The relation that exists under a table's name, which need not be a table.
 *
 * @param oid {@code pg_class.oid}
 * @param kind {@code pg_class.relkind}
 * @param user the current user, quoted if necessary
 * @param owned whether the current user has the privileges of its owner
 * @param fullAccess whether the current user may select, insert, update and delete rows
 * @param rowSecurity whether row-level security applies to the current user
 * @param dimensions the columns by which TimescaleDB partitions it; empty if it is no hypertable
 * @param columns by name, in their order; without dropped and system columns
 * @see <a href="https://www.postgresql.org/docs/current/catalog-pg-class.html">pg_class</a>
 */
public record ExistingTable(
    long oid,
    String kind,
    String user,
    boolean owned,
    boolean fullAccess,
    boolean rowSecurity,
    List<String> dimensions,
    Map<String, ExistingColumn> columns) {
  /**
   * An existing column.
   *
   * @param type as {@code regtype} prints it, without a length
   * @param modifier {@code atttypmod}, such as the length of a VARCHAR(n) plus 4, or -1
   * @param hasDefault whether a row that leaves it out gets a value: also true for identity columns
   * @param generated whether its value is computed from other columns and cannot be given
   * @param virtual whether that is done when it is read
   * @param insertable whether the current user may insert into it
   * @param closedSequences sequences of its default that the current user may not use, or null
   * @param indexed whether it is the first column of a valid index of all rows
   */
  public record ExistingColumn(
      String name,
      String type,
      int modifier,
      boolean notNull,
      boolean hasDefault,
      boolean generated,
      boolean virtual,
      boolean insertable,
      @Nullable String closedSequences,
      boolean indexed) {}

  private static final String RELATION =
      """
      SELECT oid, relkind, quote_ident(current_user) AS user,
        pg_has_role(relowner, 'USAGE') AS owned,
        has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
          AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')
          AS full_access,
        row_security_active(oid) AS row_security,
        to_regclass('timescaledb_information.dimensions') IS NOT NULL AS timescale
      FROM pg_catalog.pg_class
      WHERE oid = to_regclass(?)
      """;

  private static final String COLUMNS =
      """
      SELECT attname, atttypid::regtype::text AS type, atttypmod, attnotnull,
        atthasdef OR attidentity <> '' AS has_default,
        attgenerated <> '' AS generated, attgenerated = 'v' AS virtual,
        has_column_privilege(attrelid, attnum, 'INSERT') AS insertable,
        (
          SELECT string_agg(refobjid::regclass::text, ', ' ORDER BY refobjid)
          FROM pg_catalog.pg_attrdef JOIN pg_catalog.pg_depend ON objid = pg_attrdef.oid
            JOIN pg_catalog.pg_class ON refobjid = pg_class.oid
          WHERE adrelid = attrelid AND adnum = attnum
            AND classid = 'pg_attrdef'::regclass AND refclassid = 'pg_class'::regclass
            AND CASE relkind
              WHEN 'S' THEN NOT has_sequence_privilege(refobjid, 'USAGE, UPDATE') ELSE false END
        ) AS closed_sequences,
        EXISTS (
          SELECT FROM pg_catalog.pg_index
          WHERE indrelid = attrelid AND indkey[0] = attnum AND indpred IS NULL AND indisvalid
        ) AS indexed
      FROM pg_catalog.pg_attribute
      WHERE attrelid = ? AND attnum > 0 AND NOT attisdropped
      ORDER BY attnum
      """;

  // Without TimescaleDB, there is no such view.
  private static final String DIMENSIONS =
      """
      SELECT column_name
      FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
        JOIN timescaledb_information.dimensions
          ON hypertable_schema = nspname AND hypertable_name = relname
      WHERE pg_class.oid = ?
      ORDER BY dimension_number
      """;

  private static final String TABLE_KINDS = "rpf";

  private static final Map<String, String> OTHER_KINDS =
      Map.of(
          "v", "VIEW",
          "m", "MATERIALIZED VIEW",
          "i", "INDEX",
          "I", "INDEX",
          "S", "SEQUENCE",
          "c", "TYPE");

  /** The word for its kind in SQL. */
  public String sqlKind() {
    return OTHER_KINDS.getOrDefault(kind, "TABLE");
  }

  /** Whether a COPY can write to it: to ordinary, partitioned and foreign tables. */
  public boolean isTable() {
    return TABLE_KINDS.contains(kind);
  }

  public boolean isPartitioned() {
    return kind.equals("p");
  }

  /** Whether TimescaleDB partitions it. Its kind is that of an ordinary table. */
  public boolean isHypertable() {
    return !dimensions.isEmpty();
  }

  public boolean isForeign() {
    return kind.equals("f");
  }

  /**
   * Finds it as COPY does; null if nothing has that name.
   *
   * @param quotedName with a schema, or else the search path decides
   */
  public static @Nullable ExistingTable find(Connection connection, String quotedName)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(RELATION)) {
      query.setString(1, quotedName);
      try (ResultSet row = query.executeQuery()) {
        return row.next()
            ? new ExistingTable(
                row.getLong("oid"),
                row.getString("relkind"),
                row.getString("user"),
                row.getBoolean("owned"),
                row.getBoolean("full_access"),
                row.getBoolean("row_security"),
                row.getBoolean("timescale")
                    ? dimensions(connection, row.getLong("oid"))
                    : List.of(),
                columns(connection, row.getLong("oid")))
            : null;
      }
    }
  }

  private static List<String> dimensions(Connection connection, long oid) throws SQLException {
    List<String> dimensions = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(DIMENSIONS)) {
      query.setLong(1, oid);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          dimensions.add(row.getString(1));
        }
      }
    }
    return dimensions;
  }

  private static Map<String, ExistingColumn> columns(Connection connection, long oid)
      throws SQLException {
    Map<String, ExistingColumn> columns = new LinkedHashMap<>();
    try (PreparedStatement query = connection.prepareStatement(COLUMNS)) {
      query.setLong(1, oid);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          ExistingColumn column =
              new ExistingColumn(
                  row.getString("attname"),
                  row.getString("type"),
                  row.getInt("atttypmod"),
                  row.getBoolean("attnotnull"),
                  row.getBoolean("has_default"),
                  row.getBoolean("generated"),
                  row.getBoolean("virtual"),
                  row.getBoolean("insertable"),
                  row.getString("closed_sequences"),
                  row.getBoolean("indexed"));
          columns.put(column.name(), column);
        }
      }
    }
    return columns;
  }

  /**
   * The message that something else has the name of a table.
   *
   * @param sqlKind the word for its kind in SQL
   */
  public static String nameTaken(String quotedTable, String sqlKind) {
    String article = sqlKind.startsWith("I") ? "an " : "a ";
    return "instead of table %s there is %s; drop it, or rename it: ALTER %s %s RENAME TO …"
        .formatted(quotedTable, article + sqlKind.toLowerCase(Locale.ROOT), sqlKind, quotedTable);
  }
}
