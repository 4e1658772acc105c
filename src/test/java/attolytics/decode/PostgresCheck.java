package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.buffer.Batch;
import attolytics.database.Identifiers;
import attolytics.database.migration.DatabaseTables;
import attolytics.database.migration.Plan;
import attolytics.schema.Column;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/** Copies rows into PostgreSQL and compares what a SELECT returns. */
final class PostgresCheck {
  private static final byte[] HEADER =
      "PGCOPY\n\u00FF\r\n\0\0\0\0\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);

  /** Rows of one table. */
  private static final class Rows {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<Reference.Row> values = new ArrayList<>();
  }

  private final Connection connection;
  private final Map<Table, Rows> rowsByTable = new LinkedHashMap<>();
  private int rowCount;

  /** Creates the tables. */
  PostgresCheck(Connection connection, List<Table> tables) throws SQLException {
    this.connection = connection;
    Plan plan = DatabaseTables.prepare(connection, new Schema(tables, Map.of(), null));
    assertEquals(List.of(), plan.problems());
    for (Table table : tables) {
      rowsByTable.put(table, new Rows());
      try (Statement sql = connection.createStatement()) {
        // for the order of the rows
        sql.execute("ALTER TABLE " + quoted(table) + " ADD COLUMN place BIGSERIAL");
      }
    }
  }

  /** How many rows were added since the last check. */
  int rowCount() {
    return rowCount;
  }

  void add(Batch batch) {
    rowCount += batch.rowCount();
    for (int run = 0; run < batch.runCount(); run++) {
      int start = batch.runStart(run);
      rows(batch.runTable(run)).bytes.write(batch.rows().array(), start, batch.runEnd(run) - start);
    }
    for (Reference.Row row : CopiedRows.of(batch)) {
      rows(row.table()).values.add(row);
    }
  }

  private Rows rows(Table table) {
    return Objects.requireNonNull(rowsByTable.get(table));
  }

  /** Copies the rows that were added, compares and forgets them. */
  void check() throws SQLException, IOException {
    for (Map.Entry<Table, Rows> entry : rowsByTable.entrySet()) {
      Table table = entry.getKey();
      Rows rows = entry.getValue();
      copy(table, rows.bytes.toByteArray());
      compare(table, rows.values);
      rows.bytes.reset();
      rows.values.clear();
    }
    rowCount = 0;
  }

  private void copy(Table table, byte[] rows) throws SQLException, IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(HEADER);
    all.writeBytes(rows);
    all.writeBytes(new byte[] {-1, -1});
    try (Statement sql = connection.createStatement()) {
      sql.execute("TRUNCATE " + quoted(table));
    }
    String columns =
        table.columns().stream()
            .map(column -> Identifiers.quote(column.name()))
            .collect(Collectors.joining(", "));
    connection
        .unwrap(PGConnection.class)
        .getCopyAPI()
        .copyIn(
            "COPY " + quoted(table) + " (" + columns + ") FROM STDIN (FORMAT binary)",
            new ByteArrayInputStream(all.toByteArray()));
  }

  private void compare(Table table, List<Reference.Row> expected) throws SQLException {
    String columns =
        table.columns().stream().map(PostgresCheck::expression).collect(Collectors.joining(", "));
    try (Statement sql = connection.createStatement();
        ResultSet found =
            sql.executeQuery("SELECT " + columns + " FROM " + quoted(table) + " ORDER BY place")) {
      for (Reference.Row row : expected) {
        assertEquals(true, found.next());
        for (Column column : table.columns()) {
          assertEquals(
              normalized(row.values().get(column.ordinal())),
              value(found, column),
              () -> column.name() + " of " + row);
        }
      }
      assertEquals(false, found.next());
    }
  }

  private static String quoted(Table table) {
    return Identifiers.quote(table.name());
  }

  private static @Nullable Object normalized(@Nullable Object value) {
    return value instanceof Tree tree ? tree.normalized() : value;
  }

  /** Of a column, as a type that the driver reads without a loss. */
  private static String expression(Column column) {
    String name = Identifiers.quote(column.name());
    return switch (column.type()) {
      case TIMESTAMP -> "timestamptz_send(" + name + ")"; // extract(epoch) rounds large ones
      case DATE -> name + " - DATE '2000-01-01'";
      default -> name;
    };
  }

  private static @Nullable Object value(ResultSet found, Column column) throws SQLException {
    int index = column.ordinal() + 1;
    if (found.getObject(index) == null) {
      return null;
    }
    return switch (column.type()) {
      case BOOL -> found.getBoolean(index);
      case I32, I64 -> found.getLong(index);
      case F32 -> found.getFloat(index);
      case F64 -> found.getDouble(index);
      case STRING -> found.getString(index);
      case TIMESTAMP -> new BigInteger(found.getBytes(index));
      case DATE -> LocalDate.of(2000, 1, 1).plusDays(found.getInt(index));
      case UUID -> found.getObject(index, UUID.class);
      case JSON -> tree(found.getString(index)).normalized();
    };
  }

  private static Tree tree(String text) {
    try {
      return Tree.parse(text);
    } catch (Tree.NoJson e) {
      throw new AssertionError("no JSON: " + text, e);
    }
  }
}
