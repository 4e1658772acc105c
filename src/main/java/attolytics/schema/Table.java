package attolytics.schema;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A table that events are written to. Immutable. */
public final class Table {
  private final String name;
  private final int ordinal;
  private final List<Column> columns;
  private final @Nullable Partitioning partitioning;
  private final Map<String, Column> columnsByName = new HashMap<>();
  private final @Nullable Column distributeBy;

  /**
   * @param ordinal place among the schema's tables, from 0
   * @param columns in the order of the schema file; {@code columns.get(i).ordinal() == i}
   */
  public Table(String name, int ordinal, List<Column> columns) {
    this(name, ordinal, columns, null, null);
  }

  /**
   * @param ordinal place among the schema's tables, from 0
   * @param columns in the order of the schema file; {@code columns.get(i).ordinal() == i}
   * @param partitioning how it is divided by the service, or null: it is not, or by somebody else
   * @param distributeBy the column whose value says which machine a row goes to, or null if the
   *     table is all on one
   */
  public Table(
      String name,
      int ordinal,
      List<Column> columns,
      @Nullable Partitioning partitioning,
      @Nullable Column distributeBy) {
    this.name = name;
    this.ordinal = ordinal;
    this.columns = List.copyOf(columns);
    this.partitioning = partitioning;
    columns.forEach(column -> columnsByName.put(column.name(), column));
    this.distributeBy = distributeBy;
  }

  public String name() {
    return name;
  }

  public int ordinal() {
    return ordinal;
  }

  public List<Column> columns() {
    return columns;
  }

  /** How it is divided by the service, or null: it is not, or by somebody else. */
  public @Nullable Partitioning partitioning() {
    return partitioning;
  }

  /** The column of that exact name, or null. */
  public @Nullable Column column(String columnName) {
    return columnsByName.get(columnName);
  }

  /** The column by which rows are distributed over the machines of a cluster, or null. */
  public @Nullable Column distributeBy() {
    return distributeBy;
  }

  @Override
  public String toString() {
    return name;
  }
}
