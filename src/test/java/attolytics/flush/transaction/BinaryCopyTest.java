package attolytics.flush.transaction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.flush.transaction.BinaryCopy.Form;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.core.BaseConnection;

/** The bytes that a COPY sends, and in what messages. */
class BinaryCopyTest {
  private static final int CHUNK = 64 << 10;
  private static final Table T = table("t", 3);
  private static final Table U = table("u", 4);

  private static Table table(String name, int ordinal) {
    return new Table(
        name,
        ordinal,
        List.of(
            new Column("id", ScalarType.I64, null, Index.NONE, true, 0),
            new Column("of \"it", ScalarType.STRING, null, Index.NONE, false, 1)));
  }

  /** What was sent, and the error that comes at a step. */
  private final List<byte[]> messages = new ArrayList<>();

  private final List<String> calls = new ArrayList<>();
  private String failing = "";
  private final CopyManager copy;
  private final BinaryCopy binaryCopy = new BinaryCopy();

  BinaryCopyTest() throws SQLException {
    copy = new FakeCopies();
  }

  private void call(String what) throws SQLException {
    calls.add(what);
    if (what.startsWith(failing) && !failing.isEmpty()) {
      throw new SQLException("of the test", "42P01");
    }
  }

  private final class FakeCopies extends CopyManager {
    private FakeCopies() throws SQLException {
      super(Fake.of(BaseConnection.class, (self, method, arguments) -> null));
    }

    @Override
    public CopyIn copyIn(String sql) throws SQLException {
      call(sql);
      return Fake.of(CopyIn.class, this::copy);
    }

    private @Nullable Object copy(Object self, Method method, Object[] arguments)
        throws SQLException {
      switch (method.getName()) {
        case "writeToCopy" -> {
          int from = (int) arguments[1];
          messages.add(Arrays.copyOfRange((byte[]) arguments[0], from, from + (int) arguments[2]));
          call("write");
          return null;
        }
        case "endCopy" -> {
          call("end");
          return 0L;
        }
        case "isActive" -> {
          return !calls.contains("end") || failing.equals("end");
        }
        default -> {
          call(method.getName());
          return null;
        }
      }
    }
  }

  private static void addRow(Batch batch, Table table, long id, int bytes) {
    byte[] text = new byte[bytes];
    Arrays.fill(text, (byte) ('a' + id % 26));
    batch.rows().putShort(2);
    batch.rows().putField8(id);
    batch.rows().putField(text, 0, bytes);
    batch.endRow(table);
  }

  private static void add(CopyBuffer to, byte[] bytes) {
    to.put(bytes, 0, bytes.length);
  }

  /** A whole stream: what is between are the rows. */
  private static byte[] stream(CopyBuffer rows) {
    CopyBuffer stream = new CopyBuffer(64, 1 << 24);
    add(stream, "PGCOPY\n".getBytes(StandardCharsets.ISO_8859_1));
    add(stream, new byte[] {-1, '\r', '\n', 0});
    stream.putInt(0);
    stream.putInt(0);
    stream.put(rows.array(), 0, rows.size());
    stream.putShort(-1);
    return Arrays.copyOf(stream.array(), stream.size());
  }

  private byte[] sent() {
    CopyBuffer all = new CopyBuffer(64, 1 << 24);
    messages.forEach(message -> add(all, message));
    return Arrays.copyOf(all.array(), all.size());
  }

  private List<Integer> messageSizes() {
    return messages.stream().map(message -> message.length).toList();
  }

  @Test
  void copy_sendsTheRowsOfItsTable_inOneMessage() throws Exception {
    Batch first = new Batch(1 << 10);
    Batch second = new Batch(1 << 10);
    addRow(first, T, 1, 3);
    addRow(first, U, 2, 3);
    addRow(first, T, 3, 3);
    addRow(second, T, 4, 3);
    Batch rows = new Batch(1 << 10);
    addRow(rows, T, 1, 3);
    addRow(rows, T, 3, 3);
    addRow(rows, T, 4, 3);
    binaryCopy.copy(copy, T, List.of(first, second), Form.UNCHANGED);
    assertArrayEquals(stream(rows.rows()), sent());
    assertEquals(
        List.of("COPY \"t\" (\"id\", \"of \"\"it\") FROM STDIN (FORMAT binary)", "write", "end"),
        calls);
  }

  @Test
  void copy_sendsChunks_andWhatIsLargerThanAChunkAsItIs() throws Exception {
    List<Batch> batches = new ArrayList<>();
    Batch rows = new Batch(1 << 24);
    int each = 40_000;
    for (int size : List.of(each, each, 100_000, 100_000, each)) {
      Batch batch = new Batch(1 << 20);
      addRow(batch, T, size, size);
      addRow(rows, T, size, size);
      batches.add(batch);
    }
    binaryCopy.copy(copy, T, batches, Form.UNCHANGED);
    assertArrayEquals(stream(rows.rows()), sent());
    int row = each + 18;
    assertEquals(List.of(19 + row, row, 100_018, 100_018, row + 2), messageSizes());
  }

  /** The header has 19 bytes, a row 18 besides its text, the trailer 2. */
  @ParameterizedTest
  @ValueSource(ints = {CHUNK - 19 - 18 - 2, CHUNK - 19 - 18})
  void copy_fillsItsChunks(int text) throws Exception {
    Batch batch = new Batch(1 << 20);
    addRow(batch, T, 1, text);
    binaryCopy.copy(copy, T, List.of(batch), Form.UNCHANGED);
    assertArrayEquals(stream(batch.rows()), sent());
    int all = 19 + 18 + text + 2;
    assertEquals(all <= CHUNK ? List.of(all) : List.of(CHUNK, 2), messageSizes());
  }

  @Test
  void copy_ofARunAsLargeAsAChunk_doesNotSplitIt() throws Exception {
    Batch batch = new Batch(1 << 20);
    addRow(batch, T, 1, CHUNK - 18);
    binaryCopy.copy(copy, T, List.of(batch), Form.UNCHANGED);
    assertEquals(List.of(19, CHUNK, 2), messageSizes());
  }

  @Test
  void copyNumbered_putsTheRowsNumberBeforeItsFields() throws Exception {
    Batch first = new Batch(1 << 10);
    addRow(first, T, 10, 3);
    addRow(first, U, 11, 3);
    addRow(first, T, 12, 3);
    Batch second = new Batch(1 << 10);
    addRow(second, T, 13, 3);
    CopyBuffer rows = new CopyBuffer(64, 1 << 10);
    int number = 1;
    for (long id : List.of(10L, 12L, 13L)) {
      rows.putShort(3);
      rows.putField4(number++);
      rows.putField8(id);
      byte[] text = new byte[3];
      Arrays.fill(text, (byte) ('a' + id % 26));
      rows.putField(text, 0, 3);
    }
    binaryCopy.copyNumbered(copy, "COPY numbered", T, List.of(first, second));
    assertArrayEquals(stream(rows), sent());
    assertEquals("COPY numbered", calls.get(0));
  }

  @Test
  void copyNumbered_ofManyColumns_countsThem() throws Exception {
    Batch batch = new Batch(1 << 16);
    batch.rows().putShort(1_599);
    for (int i = 0; i < 1_599; i++) {
      batch.rows().putNull();
    }
    batch.endRow(T);
    binaryCopy.copyNumbered(copy, "COPY numbered", T, List.of(batch));
    byte[] sent = sent();
    assertEquals(1_600, (sent[19] & 0xFF) << 8 | (sent[20] & 0xFF));
  }

  /** For a database whose encoding does not have every character. */
  @Test
  void copyInAscii_escapesWhatIsNotAscii() throws Exception {
    List<String> given =
        List.of("ä", "täble", "cöde", "/ü", "“no”", "{\"ß\": 1}", "{\"x\": \"é\"}", "kéy");
    List<String> expected =
        List.of(
            "ä",
            "t\\u00e4ble",
            "c\\u00f6de",
            "/\\u00fc",
            "\\u201cno\\u201d",
            "{\"\\u00df\": 1}",
            "{\"x\": \"\\\\u00e9\"}",
            "kéy");
    Batch batch = new Batch(1 << 12);
    addRow(batch, T, 1, 3);
    addQuarantined(batch.rows(), given);
    batch.endRow(Quarantine.TABLE);
    addQuarantined(batch.rows(), List.of());
    batch.endRow(Quarantine.TABLE);
    CopyBuffer rows = new CopyBuffer(64, 1 << 12);
    addQuarantined(rows, expected);
    addQuarantined(rows, List.of());
    binaryCopy.copy(copy, Quarantine.TABLE, List.of(batch), Form.ASCII);
    assertArrayEquals(stream(rows), sent());
  }

  /** A row with these values behind the time, or with NULL for all. */
  private static void addQuarantined(CopyBuffer rows, List<String> values) {
    int columns = Quarantine.TABLE.columns().size();
    rows.putShort(columns);
    rows.putField8(7);
    for (int i = 0; i < columns - 1; i++) {
      if (values.isEmpty()) {
        rows.putNull();
      } else {
        byte[] text = values.get(i).getBytes(StandardCharsets.UTF_8);
        rows.putField(text, 0, text.length);
      }
    }
  }

  @Test
  void copyNothing_sendsNoRow() throws Exception {
    BinaryCopy.copyNothing(copy, T);
    assertArrayEquals(stream(new CopyBuffer(1, 1)), sent());
    assertEquals("end", calls.get(calls.size() - 1));
  }

  @Test
  void copyNothing_thatFails_isCancelled() {
    failing = "end";
    assertThrows(SQLException.class, () -> BinaryCopy.copyNothing(copy, T));
    assertEquals("cancelCopy", calls.get(calls.size() - 1));
  }

  @Test
  void copy_thatTheTableDoesNotTake_isSaidSo() {
    failing = "COPY";
    FlushException e =
        assertThrows(
            FlushException.class,
            () -> binaryCopy.copy(copy, T, List.of(new Batch(1)), Form.UNCHANGED));
    assertSame(Stage.COPY_START, e.stage());
    assertSame(T, e.table());
  }

  @ParameterizedTest
  @ValueSource(strings = {"write", "end"})
  void copy_thatFails_isCancelled_andTheNextIsWhole(String step) throws Exception {
    Batch batch = new Batch(1 << 10);
    addRow(batch, T, 1, 3);
    failing = step;
    FlushException e =
        assertThrows(
            FlushException.class, () -> binaryCopy.copy(copy, T, List.of(batch), Form.UNCHANGED));
    assertSame(Stage.COPY, e.stage());
    assertEquals("cancelCopy", calls.get(calls.size() - 1));
    failing = "";
    calls.clear();
    messages.clear();
    binaryCopy.copy(copy, T, List.of(batch), Form.UNCHANGED);
    assertArrayEquals(stream(batch.rows()), sent());
  }

  private Connection connection() {
    Statement statement =
        Fake.of(
            Statement.class,
            (self, method, arguments) -> {
              if (method.getName().equals("execute")) {
                call((String) arguments[0]);
                return false;
              }
              return null;
            });
    return Fake.of(Connection.class, (self, method, arguments) -> statement);
  }

  @Test
  void insert_isByATemporaryTable() throws Exception {
    Batch batch = new Batch(1 << 10);
    addRow(batch, T, 1, 3);
    binaryCopy.insert(connection(), copy, T, List.of(batch), Form.UNCHANGED);
    String temporary = "pg_temp.attolytics_rows_3";
    String columns = "\"id\", \"of \"\"it\"";
    assertEquals(
        List.of(
            "CREATE TABLE " + temporary + " (\"id\" INT8, \"of \"\"it\" VARCHAR)",
            "COPY " + temporary + " (" + columns + ") FROM STDIN (FORMAT binary)",
            "write",
            "end",
            "INSERT INTO \"t\" (" + columns + ") SELECT * FROM " + temporary + " RETURNING 1",
            "DROP TABLE " + temporary),
        calls);
    assertArrayEquals(stream(batch.rows()), sent());
  }

  @Test
  void insert_thatFails_isNamedSo() {
    failing = "INSERT";
    FlushException e =
        assertThrows(
            FlushException.class,
            () -> binaryCopy.insert(connection(), copy, T, List.of(new Batch(1)), Form.UNCHANGED));
    assertSame(Stage.INSERT, e.stage());
    assertSame(T, e.table());
    assertTrue(calls.stream().noneMatch(call -> call.startsWith("DROP")));
  }
}
