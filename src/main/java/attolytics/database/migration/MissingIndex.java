package attolytics.database.migration;

import attolytics.database.ExistingTable;
import attolytics.database.Identifiers;
import attolytics.database.Migration;
import attolytics.schema.Column;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The steps that add an index to a table in use, with {@code CREATE INDEX CONCURRENTLY}. PostgreSQL
 * does not support that for a partitioned table, so each partition gets its index first; the index
 * of the whole table then attaches them, which is quick. TimescaleDB does not support it for a
 * hypertable, but has a way of its own, chunk by chunk.
 */
final class MissingIndex {
  /** The table itself, or its partitions, as far as they hold rows. */
  private static final String TABLES =
      """
      WITH RECURSIVE TREE, indexes AS (
        SELECT indrelid, indexrelid, indisvalid,
          BUILDER AS builder,
          amname = ? AND indnatts = 1 AND opcdefault AND indcollation[0] = attcollation AS fits
        FROM tables JOIN pg_catalog.pg_index ON indrelid = tables.oid
          JOIN pg_catalog.pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
          JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
          JOIN pg_catalog.pg_am ON pg_am.oid = relam
          JOIN pg_catalog.pg_opclass ON pg_opclass.oid = indclass[0]
        WHERE attname = ? AND indpred IS NULL AND NOT indisunique
      )
      SELECT tables.oid::regclass::text AS name,
        EXISTS (SELECT FROM indexes WHERE indrelid = tables.oid AND indisvalid AND fits) AS indexed,
        ARRAY (
          SELECT indexrelid::regclass::text FROM indexes
          WHERE indrelid = tables.oid AND NOT indisvalid AND fits AND builder IS NULL
          ORDER BY indexrelid
        ) AS broken,
        ARRAY (
          SELECT format('%s is not valid, and pid %s may be building it', indexrelid::regclass, builder)
          FROM indexes
          WHERE indrelid = tables.oid AND NOT indisvalid AND fits AND builder IS NOT NULL
          ORDER BY indexrelid
        ) AS in_progress
      FROM tables JOIN pg_catalog.pg_class ON pg_class.oid = tables.oid
      WHERE relkind = 'r'
      ORDER BY tables.oid
      """
          .replace("TREE", PartitionTree.TABLES)
          .replace("BUILDER", IndexesInProgress.BUILDER);

  private MissingIndex() {}

  /**
   * The steps for a column.
   *
   * @param left gets what has to be done by hand first; then there are no steps
   */
  static List<Migration.Step> steps(
      Connection connection, Table table, ExistingTable existing, Column column, List<String> left)
      throws SQLException {
    List<Migration.Step> steps = new ArrayList<>();
    List<String> inProgress = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(TABLES)) {
      query.setLong(1, existing.oid());
      query.setString(2, column.index().method(column.type()));
      query.setString(3, column.name());
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          inProgress.addAll(IndexesInProgress.left(row.getArray("in_progress")));
          for (Object broken : (Object[]) row.getArray("broken").getArray()) {
            steps.add(
                existing.isHypertable()
                    ? Migration.Step.of("DROP INDEX " + broken, null)
                    : Migration.Step.concurrent("DROP INDEX CONCURRENTLY " + broken));
          }
          if (!row.getBoolean("indexed")) {
            String name = row.getString("name");
            steps.add(
                Migration.Step.concurrent(
                    existing.isHypertable()
                        ? TableDdl.createIndexByChunk(name, column)
                        : TableDdl.createIndex("CREATE INDEX CONCURRENTLY", name, column)));
          }
        }
      }
    }
    if (!inProgress.isEmpty()) {
      left.addAll(inProgress);
      return List.of();
    }
    if (existing.isPartitioned()) {
      String whole = TableDdl.createIndex("CREATE INDEX", Identifiers.quote(table), column);
      steps.replaceAll(step -> step.neededBy(whole));
      steps.add(Migration.Step.of(whole, "attaches the indexes of the partitions"));
    }
    return steps;
  }
}
