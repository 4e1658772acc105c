package attolytics.database.migration;

import attolytics.database.ExistingTable;
import attolytics.database.Identifiers;
import attolytics.database.OwnTable;
import attolytics.schema.Column;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the tables are distributed over the nodes of a Citus cluster, according to the connected
 * database.
 *
 * @param installed whether the database has the extension citus
 * @param coordinator whether it is the cluster's coordinator, and not one of the workers
 * @see <a href="https://docs.citusdata.com/en/stable/develop/api_metadata.html">Metadata tables</a>
 */
record Distribution(boolean installed, boolean coordinator) {
  private static final String INSTALLED =
      "SELECT to_regclass('pg_catalog.pg_dist_local_group') IS NOT NULL";

  private static final String COORDINATOR =
      "SELECT groupid = 0 FROM pg_catalog.pg_dist_local_group";

  /** The connections that a COPY opens to each worker, if they are more than Citus caches. */
  private static final String CONNECTIONS =
      """
      SELECT pool, kept, quote_ident(current_database()) AS database
      FROM current_setting('citus.max_adaptive_executor_pool_size') AS pool,
        current_setting('citus.max_cached_conns_per_worker') AS kept
      WHERE pool::int > kept::int
      """;

  private static final String COLUMN =
      """
      SELECT coalesce(column_to_column_name(logicalrelid, partkey), '') AS name
      FROM pg_catalog.pg_dist_partition WHERE logicalrelid = ?::oid
      """;

  static Distribution of(Connection connection) throws SQLException {
    boolean installed = isTrue(connection, INSTALLED);
    return new Distribution(installed, installed && isTrue(connection, COORDINATOR));
  }

  private static boolean isTrue(Connection connection, String question) throws SQLException {
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(question)) {
      return row.next() && row.getBoolean(1);
    }
  }

  /** The statement that distributes a local table of the coordinator. */
  static String distribute(String quotedTable, Column column) {
    return "SELECT create_distributed_table(%s, %s)"
        .formatted(literal(quotedTable), literal(column.name()));
  }

  /** Settings that make flushes slow. */
  List<String> warnings(Connection connection, Schema schema) throws SQLException {
    if (!installed || schema.tables().stream().allMatch(table -> table.distributeBy() == null)) {
      return List.of();
    }
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(CONNECTIONS)) {
      return row.next()
          ? List.of(
              "each flush opens up to %s connections to each worker and closes all but %s of them,"
                      .formatted(row.getString("pool"), row.getString("kept"))
                  + " which takes longer than the rest of the flush; ALTER DATABASE %s SET"
                      .formatted(row.getString("database"))
                  + " citus.max_adaptive_executor_pool_size = 1")
          : List.of();
    }
  }

  /** Why a missing table cannot be created as declared. */
  List<String> whyNotCreate(Table table) {
    if (table.distributeBy() == null || (installed && coordinator)) {
      return List.of();
    }
    return problem(
        Identifiers.quote(table),
        "is to be distributed, but the database "
            + (installed
                ? "is that of a worker; name the coordinator's instead"
                : "has no extension citus; CREATE EXTENSION citus, where it is installed, or leave"
                    + " `distribute_by` out"));
  }

  /** Why an existing table cannot be used. */
  List<String> problems(Connection connection, Table table, ExistingTable existing)
      throws SQLException {
    Column wanted = table.distributeBy();
    List<String> whyNot = whyNotCreate(table);
    if (wanted == null || !whyNot.isEmpty() || !existing.isTable()) {
      return whyNot;
    }
    String found = columnOf(connection, existing);
    if (wanted.name().equals(found)) {
      return List.of();
    }
    String quoted = Identifiers.quote(table);
    String distribute = distribute(quoted, wanted);
    if (found == null) {
      return problem(
          quoted,
          "is not distributed, but has to be by %s; %s moves its rows, and blocks writers until"
                  .formatted(Identifiers.quote(wanted.name()), distribute)
              + " that is done");
    }
    if (found.isEmpty()) {
      return problem(
          quoted,
          "is managed by Citus, but not distributed by %s; %s; %s"
              .formatted(Identifiers.quote(wanted.name()), undistribute(quoted), distribute));
    }
    return problem(
        quoted,
        "is distributed by %s, but has to be by %s; SELECT alter_distributed_table(%s, %s) moves its"
                .formatted(
                    Identifiers.quote(found),
                    Identifiers.quote(wanted.name()),
                    literal(quoted),
                    "distribution_column => " + literal(wanted.name()))
            + " rows, and blocks writers until that is done");
  }

  /** Why one of the service's own tables cannot be used: it has to be local to the coordinator. */
  List<String> problems(Connection connection, OwnTable table, ExistingTable existing)
      throws SQLException {
    return columnOf(connection, existing) == null
        ? List.of()
        : problem(
            Identifiers.quote(table.name()),
            "is managed by Citus, but has to be a local table of the coordinator; "
                + undistribute(Identifiers.quote(table.name())));
  }

  /**
   * The distribution column of a table; empty if Citus manages it in another way, null if it does
   * not manage it.
   */
  private @Nullable String columnOf(Connection connection, ExistingTable existing)
      throws SQLException {
    if (!installed) {
      return null;
    }
    try (PreparedStatement query = connection.prepareStatement(COLUMN)) {
      query.setLong(1, existing.oid());
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? Objects.requireNonNull(row.getString("name")) : null;
      }
    }
  }

  private static List<String> problem(String quotedTable, String text) {
    return List.of("table " + quotedTable + " " + text);
  }

  /** The statement that makes a table local again. */
  static String undistribute(String quotedTable) {
    return "SELECT undistribute_table(" + literal(quotedTable) + ")";
  }

  private static String literal(String text) {
    String quoted = "'" + text.replace("'", "''") + "'";
    return text.contains("\\") ? "E" + quoted.replace("\\", "\\\\") : quoted;
  }
}
