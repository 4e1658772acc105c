package attolytics.database.migration;

import attolytics.database.Identifiers;
import attolytics.database.Migration.Step;
import attolytics.database.partition.PartitionNames;
import attolytics.database.partition.PartitionSql;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.Partitioning;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import attolytics.schema.TimeRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The SQL that creates a schema's tables and indexes. */
final class TableDdl {
  private TableDdl() {}

  /** The statements that create a table with its distribution, indexes and partitions. */
  static List<String> creation(Table table, Instant now, PartitionNames names) {
    String quoted = Identifiers.quote(table);
    List<String> columns = new ArrayList<>();
    List<String> indexes = new ArrayList<>();
    for (Column column : table.columns()) {
      columns.add(definition(column));
      if (isToBeIndexed(table, column)) {
        indexes.add(createIndex("CREATE INDEX", quoted, column));
      }
    }
    List<String> statements = new ArrayList<>();
    if (!table.deduplicateBy().isEmpty()) {
      indexes.add(createUniqueIndex("CREATE UNIQUE INDEX", quoted, table));
    }
    Partitioning partitioning = table.partitioning();
    statements.add(
        "CREATE TABLE %s (%s)%s"
            .formatted(
                quoted,
                String.join(", ", columns),
                partitioning == null
                    ? ""
                    : " PARTITION BY RANGE (%s)"
                        .formatted(Identifiers.quote(partitioning.column().name()))));
    if (table.distributeBy() != null) {
      statements.add(Distribution.distribute(quoted, table.distributeBy()));
    }
    statements.addAll(indexes);
    if (partitioning != null) {
      List<TimeRange> ranges = partitioning.missing(now, List.of());
      for (Step step :
          PartitionSql.creation(quoted, Identifiers.prefix(table), table, ranges, names)) {
        statements.addAll(step.statements());
      }
    }
    return statements;
  }

  /** Whether the column is to have an index: that of deduplicate_by does, if it begins with it. */
  static boolean isToBeIndexed(Table table, Column column) {
    boolean beginsUniqueIndex =
        !table.deduplicateBy().isEmpty() && table.deduplicateBy().get(0).equals(column);
    boolean isCovered =
        beginsUniqueIndex && column.index().method(column.type()).equals(ScalarType.BTREE);
    return column.index() != Index.NONE && !isCovered;
  }

  /** The index of deduplicate_by. */
  static String createUniqueIndex(String command, String quotedTable, Table table) {
    return table.deduplicateBy().stream()
        .map(column -> Identifiers.quote(column.name()))
        .collect(Collectors.joining(", ", command + " ON " + quotedTable + " (", ")"));
  }

  private static String definition(Column column) {
    return Identifiers.quote(column.name())
        + " "
        + column.type().sqlName()
        + defaultClause(column)
        + (column.required() ? " NOT NULL" : "");
  }

  /** Of the definition of a column: its default, or nothing. */
  static String defaultClause(Column column) {
    return column.defaultValue() == null ? "" : " DEFAULT " + column.defaultValue().sql();
  }

  /** A hypertable has no CONCURRENTLY: this locks only the chunk whose index is being built. */
  static String createIndexByChunk(String quotedTable, Column column) {
    return createIndex("CREATE INDEX", quotedTable, column)
        + " WITH (timescaledb.transaction_per_chunk)";
  }

  /** Without a name for the index: PostgreSQL chooses one that is free and not too long. */
  static String createIndex(String command, String quotedTable, Column column) {
    String method = column.index().method(column.type());
    return "%s ON %s %s(%s)"
        .formatted(
            command,
            quotedTable,
            method.equals(ScalarType.BTREE) ? "" : "USING " + method + " ",
            Identifiers.quote(column.name()));
  }
}
