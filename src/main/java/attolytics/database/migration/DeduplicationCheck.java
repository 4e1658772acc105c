package attolytics.database.migration;

import attolytics.database.ExistingTable;
import attolytics.database.Identifiers;
import attolytics.database.Migration.Step;
import attolytics.schema.Column;
import attolytics.schema.Table;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Whether a table that exists has what {@code deduplicate_by} needs: a unique index on exactly its
 * columns, and the privilege to compare by it. And what creates the index beside writers, as {@link
 * MissingIndex} does for the others.
 *
 * @param left those of the problems that no step solves
 */
record DeduplicationCheck(List<String> problems, List<String> left, List<Step> steps) {
  // ON CONFLICT finds it in any order of the columns; it cannot be deferrable.
  private static final String STATE =
      """
      SELECT
        EXISTS (
          SELECT FROM pg_catalog.pg_index
          WHERE indrelid = given.oid AND indisunique AND indisvalid AND indimmediate
            AND indpred IS NULL AND indexprs IS NULL
            AND indnkeyatts = cardinality(given.names)
            AND given.names <@ ARRAY (
              SELECT attname::text FROM pg_catalog.pg_attribute
              WHERE attrelid = given.oid AND attnum = ANY ((indkey::int2[])[0:indnkeyatts - 1])
            )
        ) AS indexed,
        (
          SELECT bool_and(has_column_privilege(attrelid, attnum, 'SELECT'))
          FROM pg_catalog.pg_attribute
          WHERE attrelid = given.oid AND attname = ANY (given.names) AND NOT attisdropped
        ) IS NOT FALSE AS readable
      FROM (SELECT ?::oid AS oid, ?::text[] AS names) AS given
      """;

  // A partitioned table takes those of its partitions for its own only in the same order.
  private static final String TABLES =
      """
      WITH RECURSIVE TREE, indexes AS (
        SELECT indrelid, indexrelid, indisvalid, BUILDER AS builder
        FROM tables JOIN pg_catalog.pg_index ON indrelid = tables.oid
        WHERE indisunique AND indimmediate AND indpred IS NULL AND indexprs IS NULL
          AND ARRAY (
            SELECT attname::text
            FROM unnest(indkey) WITH ORDINALITY AS key (attnum, position)
              JOIN pg_catalog.pg_attribute ON pg_attribute.attnum = key.attnum
            WHERE attrelid = indrelid ORDER BY position
          ) = ?::text[]
      )
      SELECT tables.oid::regclass::text AS name,
        EXISTS (SELECT FROM indexes WHERE indrelid = tables.oid AND indisvalid) AS indexed,
        ARRAY (
          SELECT indexrelid::regclass::text FROM indexes
          WHERE indrelid = tables.oid AND NOT indisvalid AND builder IS NULL ORDER BY indexrelid
        ) AS broken,
        ARRAY (
          SELECT format('%s is not valid, and pid %s may be building it', indexrelid::regclass, builder)
          FROM indexes
          WHERE indrelid = tables.oid AND NOT indisvalid AND builder IS NOT NULL
          ORDER BY indexrelid
        ) AS in_progress
      FROM tables JOIN pg_catalog.pg_class ON pg_class.oid = tables.oid
      WHERE relkind = 'r'
      ORDER BY tables.oid
      """
          .replace("TREE", PartitionTree.TABLES)
          .replace("BUILDER", IndexesInProgress.BUILDER);

  static DeduplicationCheck of(Connection connection, Table table, ExistingTable existing)
      throws SQLException {
    List<String> problems = new ArrayList<>();
    List<String> left = new ArrayList<>();
    List<Step> steps = new ArrayList<>();
    String quotedTable = Identifiers.quote(table);
    if (existing.isForeign()) {
      left.add(
          "table %s is a foreign table, which cannot have the unique index that deduplicate_by needs;"
                  .formatted(quotedTable)
              + " leave deduplicate_by out of the schema file");
      return new DeduplicationCheck(left, left, steps);
    }
    List<String> names = table.deduplicateBy().stream().map(Column::name).toList();
    if (!names.containsAll(existing.dimensions())) {
      left.add(
          "table %s is a hypertable, whose unique indexes have to contain %s; add it to deduplicate_by"
              .formatted(quotedTable, String.join(", ", existing.dimensions())));
      return new DeduplicationCheck(left, left, steps);
    }
    try (PreparedStatement query = connection.prepareStatement(STATE)) {
      query.setLong(1, existing.oid());
      query.setArray(2, names(connection, table));
      try (ResultSet state = query.executeQuery()) {
        state.next();
        if (!state.getBoolean("indexed")) {
          problems.add(missing(quotedTable, table, existing));
          steps.addAll(creation(connection, quotedTable, table, existing, left));
        }
        if (!state.getBoolean("readable")) {
          left.add(
              "table %s: deduplicate_by needs to read its columns, and the user %s may not; GRANT SELECT (%s) ON %s TO %s"
                  .formatted(
                      quotedTable,
                      existing.user(),
                      columnNames(table),
                      quotedTable,
                      existing.user()));
        }
      }
    }
    problems.addAll(left);
    return new DeduplicationCheck(problems, left, steps);
  }

  private static String missing(String quotedTable, Table table, ExistingTable existing) {
    // A partitioned table cannot do it beside writers, nor can a hypertable.
    boolean locks = existing.isPartitioned() || existing.isHypertable();
    String command = locks ? "CREATE UNIQUE INDEX" : "CREATE UNIQUE INDEX CONCURRENTLY";
    return "table %s has no valid unique index on exactly %s, which deduplicate_by needs; %s, which fails if rows have the same values"
        .formatted(
            quotedTable,
            columnNames(table),
            TableDdl.createUniqueIndex(command, quotedTable, table));
  }

  private static List<Step> creation(
      Connection connection,
      String quotedTable,
      Table table,
      ExistingTable existing,
      List<String> left)
      throws SQLException {
    List<String> inProgress = new ArrayList<>();
    String note =
        "fails if rows have the same values; SELECT %s, count(*) FROM %s GROUP BY %s HAVING count(*) > 1 finds them"
            .formatted(columnNames(table), quotedTable, columnNames(table));
    List<Step> steps = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(TABLES)) {
      query.setLong(1, existing.oid());
      query.setArray(2, names(connection, table));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          inProgress.addAll(IndexesInProgress.left(row.getArray("in_progress")));
          for (Object broken : (Object[]) row.getArray("broken").getArray()) {
            steps.add(
                existing.isHypertable()
                    ? Step.of("DROP INDEX " + broken, null)
                    : Step.concurrent("DROP INDEX CONCURRENTLY " + broken));
          }
          if (existing.isHypertable()) {
            String create =
                TableDdl.createUniqueIndex("CREATE UNIQUE INDEX", row.getString("name"), table);
            steps.add(Step.of(create, "requests for the table wait until it is built; " + note));
          } else if (!row.getBoolean("indexed")) {
            String create =
                TableDdl.createUniqueIndex(
                    "CREATE UNIQUE INDEX CONCURRENTLY", row.getString("name"), table);
            steps.add(new Step(List.of(create), true, note));
          }
        }
      }
    }
    if (!inProgress.isEmpty()) {
      left.addAll(inProgress);
      return List.of();
    }
    if (existing.isPartitioned()) {
      String whole = TableDdl.createUniqueIndex("CREATE UNIQUE INDEX", quotedTable, table);
      steps.replaceAll(step -> step.neededBy(whole));
      steps.add(Step.of(whole, "takes the partitions' indexes for its own"));
    }
    return steps;
  }

  private static Array names(Connection connection, Table table) throws SQLException {
    return connection.createArrayOf(
        "text", table.deduplicateBy().stream().map(Column::name).toArray());
  }

  private static String columnNames(Table table) {
    return table.deduplicateBy().stream()
        .map(column -> Identifiers.quote(column.name()))
        .collect(Collectors.joining(", "));
  }
}
