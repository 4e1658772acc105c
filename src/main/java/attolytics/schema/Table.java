package attolytics.schema;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A table of the schema file. Immutable. */
public final class Table {
  private final @Nullable String schema;
  private final String name;
  private final int ordinal;
  private final List<Column> columns;
  private final @Nullable Partitioning partitioning;
  private final Map<String, Column> columnsByName = new HashMap<>();
  private final @Nullable Column distributeBy;
  private final List<Column> deduplicateBy;

  /**
   * @param ordinal index among the schema's tables
   * @param columns in the order of the schema file; {@code columns.get(i).ordinal() == i}
   */
  public Table(String name, int ordinal, List<Column> columns) {
    this(name, ordinal, columns, null, null);
  }

  /**
   * @param ordinal index among the schema's tables
   * @param columns in the order of the schema file; {@code columns.get(i).ordinal() == i}
   * @param partitioning how the service partitions the table, or null if it does not
   * @param distributeBy the distribution column, or null if the table is not distributed
   */
  public Table(
      String name,
      int ordinal,
      List<Column> columns,
      @Nullable Partitioning partitioning,
      @Nullable Column distributeBy) {
    this(null, name, ordinal, columns, partitioning, distributeBy, List.of());
  }

  /**
   * @param schema that the table is in, or null: as the search path has it
   * @param ordinal index among the schema's tables
   * @param columns in the order of the schema file; {@code columns.get(i).ordinal() == i}
   * @param partitioning how the service partitions the table, or null if it does not
   * @param distributeBy the distribution column, or null if the table is not distributed
   * @param deduplicateBy the columns of which no two rows have the same values, or none
   */
  public Table(
      @Nullable String schema,
      String name,
      int ordinal,
      List<Column> columns,
      @Nullable Partitioning partitioning,
      @Nullable Column distributeBy,
      List<Column> deduplicateBy) {
    this.schema = schema;
    this.name = name;
    this.ordinal = ordinal;
    this.columns = List.copyOf(columns);
    this.partitioning = partitioning;
    columns.forEach(column -> columnsByName.put(column.name(), column));
    this.distributeBy = distributeBy;
    this.deduplicateBy = List.copyOf(deduplicateBy);
  }

  /** The schema that the table is in, or null: the search path decides. */
  public @Nullable String schema() {
    return schema;
  }

  /** Also what an event calls it, so no two tables of a schema file have the same. */
  public String name() {
    return name;
  }

  public int ordinal() {
    return ordinal;
  }

  public List<Column> columns() {
    return columns;
  }

  /** How the service partitions the table, or null if it does not. */
  public @Nullable Partitioning partitioning() {
    return partitioning;
  }

  /** The column with that exact name, or null. */
  public @Nullable Column column(String columnName) {
    return columnsByName.get(columnName);
  }

  /** The distribution column in a Citus cluster, or null. */
  public @Nullable Column distributeBy() {
    return distributeBy;
  }

  /** The columns of which no two rows have the same values; none if rows may repeat. */
  public List<Column> deduplicateBy() {
    return deduplicateBy;
  }

  @Override
  public String toString() {
    return name;
  }
}
