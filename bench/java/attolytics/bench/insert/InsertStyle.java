package attolytics.bench.insert;

import attolytics.schema.Column;
import attolytics.schema.Table;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How a request's rows are inserted, in one transaction. */
public enum InsertStyle {
  /** A statement a row, as Attolytics does. */
  ROW("row INSERTs") {
    @Override
    void insert(PreparedStatement insert, Table table, List<@Nullable Object[]> rows)
        throws SQLException {
      for (@Nullable Object[] row : rows) {
        bind(insert, row);
        insert.executeUpdate();
      }
    }
  },

  /** Statements of many rows, which the driver makes of a batch ({@code reWriteBatchedInserts}). */
  BATCH("batched INSERT") {
    @Override
    void insert(PreparedStatement insert, Table table, List<@Nullable Object[]> rows)
        throws SQLException {
      for (@Nullable Object[] row : rows) {
        bind(insert, row);
        insert.addBatch();
      }
      insert.executeBatch();
    }
  },

  /** One statement, with an array a column. */
  UNNEST("unnest INSERT") {
    @Override
    String statement(Table table) {
      return into(table, columns(table, column -> arrayOf(column), "SELECT * FROM unnest(", ")"));
    }

    @Override
    void insert(PreparedStatement insert, Table table, List<@Nullable Object[]> rows)
        throws SQLException {
      for (Column column : table.columns()) {
        int at = column.ordinal();
        @Nullable Object[] values = new Object[rows.size()];
        for (int i = 0; i < values.length; i++) {
          values[i] = rows.get(i)[at];
        }
        String type = column.type().sqlTypes().get(0);
        insert.setArray(at + 1, insert.getConnection().createArrayOf(type, values));
      }
      insert.executeUpdate();
    }
  };

  private final String load;

  InsertStyle(String load) {
    this.load = load;
  }

  /** What it is called in results. */
  public String load() {
    return load;
  }

  /** Whether a load of the results is one of these. */
  public static boolean isLoad(String name) {
    return Arrays.stream(values()).anyMatch(style -> style.load.equals(name));
  }

  String statement(Table table) {
    return into(table, columns(table, column -> "?", "VALUES (", ")"));
  }

  abstract void insert(PreparedStatement insert, Table table, List<@Nullable Object[]> rows)
      throws SQLException;

  private static String into(Table table, String values) {
    return "INSERT INTO " + table.name() + columns(table, Column::name, " (", ") ") + values;
  }

  private static String columns(
      Table table, Function<Column, String> each, String before, String after) {
    return table.columns().stream().map(each).collect(Collectors.joining(", ", before, after));
  }

  private static String arrayOf(Column column) {
    return "?::" + column.type().sqlName() + "[]";
  }

  private static void bind(PreparedStatement insert, @Nullable Object[] row) throws SQLException {
    for (int i = 0; i < row.length; i++) {
      insert.setObject(i + 1, row[i]);
    }
  }
}
