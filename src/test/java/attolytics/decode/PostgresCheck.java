package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.buffer.Batch;
import attolytics.database.Identifiers;
import attolytics.database.migration.DatabaseTables;
import attolytics.database.migration.Plan;
import attolytics.schema.ArrayType;
import attolytics.schema.Column;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HexFormat;
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

  /** A column as an expression that the driver reads without loss; arrays as text or elements. */
  private static String expression(Column column) {
    String name = Identifiers.quote(column.name());
    if (column.type() instanceof ArrayType) {
      return "ARRAY(SELECT %s FROM unnest(%s) WITH ORDINALITY AS e (e, i) ORDER BY i), %s IS NULL"
          .formatted(expression(column.type().scalar(), "e"), name, name);
    }
    return expression(column.type().scalar(), name) + ", " + name + " IS NULL";
  }

  /** As text, from which {@link #value} makes what the reference has. */
  private static String expression(ScalarType type, String name) {
    return switch (type) {
      case TIMESTAMP -> "encode(timestamptz_send(" + name + "), 'hex')"; // extract(epoch) rounds
      case DATE -> "(" + name + " - DATE '2000-01-01')::text";
      case INET -> "encode(inet_send(" + name + "), 'hex')";
      default -> name + "::text";
    };
  }

  private static @Nullable Object value(ResultSet found, Column column) throws SQLException {
    int index = 2 * column.ordinal() + 1;
    if (found.getBoolean(index + 1)) {
      return null;
    }
    ScalarType type = column.type().scalar();
    if (column.type() instanceof ArrayType) {
      List<@Nullable Object> elements = new ArrayList<>();
      for (Object element : (Object[]) found.getArray(index).getArray()) {
        elements.add(element == null ? null : value(type, (String) element));
      }
      return elements;
    }
    return value(type, found.getString(index));
  }

  private static Object value(ScalarType type, String text) {
    return switch (type) {
      case BOOL -> text.equals("true") || text.equals("t");
      case I32, I64 -> Long.valueOf(text);
      case F32 -> Float.valueOf(text);
      case F64 -> Double.valueOf(text);
      case STRING -> text;
      case TIMESTAMP -> new BigInteger(HexFormat.of().parseHex(text));
      case DATE -> LocalDate.of(2000, 1, 1).plusDays(Integer.parseInt(text));
      case UUID -> UUID.fromString(text);
      case NUMERIC -> new BigDecimal(text);
      case INET -> text;
      case JSON -> tree(text).normalized();
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
