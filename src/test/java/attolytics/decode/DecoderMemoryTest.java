package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.buffer.Budget;
import attolytics.encoding.CopyBuffer;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a decoder keeps of the heap after a request. */
class DecoderMemoryTest {
  private static final int MIB = 1 << 20;
  private static final int TABLES = 10;
  private static final Headers NO_HEADERS = name -> null;

  private final Decoder decoder = new Decoder();
  private final App strict = app(Validation.STRICT);
  private final App lenient = app(Validation.LENIENT);

  private static App app(Validation validation) {
    List<Table> tables =
        IntStream.range(0, TABLES)
            .mapToObj(i -> new Table("t" + i, i, List.of(text("a", 0), text("b", 1), rest(2))))
            .toList();
    return new App("a", List.of("k"), App.ANY_ORIGIN, validation, tables);
  }

  private static Column text(String name, int ordinal) {
    return new Column(name, ScalarType.STRING, null, Index.NONE, false, ordinal);
  }

  private static Column rest(int ordinal) {
    return new Column(
        "rest", ScalarType.JSON, "", null, null, null, true, Index.NONE, false, ordinal);
  }

  private static byte[] body(int table, String fields) {
    return ("{\"secret_key\":\"k\",\"events\":[{\"_t\":\"t" + table + "\"" + fields + "}]}")
        .getBytes(StandardCharsets.UTF_8);
  }

  /** A megabyte of fields with short names, which take about ten times as much. */
  private static String manyNames() {
    StringBuilder fields = new StringBuilder();
    for (int i = 0; fields.length() < MIB; i++) {
      fields.append(",\"x").append(Integer.toString(i, 36)).append("\":0");
    }
    return fields.toString();
  }

  private Decoded decode(App app, byte[] body, Batch into) {
    return decoder.decode(app, body, body.length, NO_HEADERS, into);
  }

  private static Batch batch(Budget budget) {
    return new Batch(1024, 64 * MIB, budget);
  }

  /** As a string, each takes several times its bytes, and none can be what the app has. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"secret_key\":\"%s\",\"events\":[]}",
        "{\"secret_key\":\"k\",\"events\":[{\"_t\":\"%s\"}]}"
      })
  void longKeyOrTable_isNotMadeAString(String format) {
    byte[] body = format.formatted("x".repeat(4 * MIB) + "ā").getBytes(StandardCharsets.UTF_8);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Batch batch = batch(new Budget(64 * MIB));
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    Decoded decoded = decode(strict, body, batch);
    long after = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    assertTrue(decoded.wrongSecretKey() || decoded.unknownTable() != null);
    assertTrue(after - before < MIB, "" + (after - before));
  }

  @ParameterizedTest
  @EnumSource(Validation.class)
  void unknownFieldsOfManyTables_areNotKept(Validation validation) {
    App app = validation == Validation.STRICT ? strict : lenient;
    String fields = manyNames();
    long before = usedHeap();
    for (int i = 0; i < TABLES; i++) {
      assertFalse(decode(app, body(i, fields), batch(new Budget(64 * MIB))).anyEventInvalid());
      decoder.forget();
    }
    assertKeepsLittle(before);
  }

  @Test
  void unknownFieldsOfEventsThatFail_areNotKept() {
    String fields = manyNames();
    byte[] invalidRest = body(0, ",\"a\":1" + fields);
    byte[] cut = body(1, fields + ",\"x\":1,");
    byte[] otherTable = body(2, fields + ",\"_t\":\"t3\"");
    long before = usedHeap();
    assertTrue(decode(strict, invalidRest, batch(new Budget(64 * MIB))).anyEventInvalid());
    decode(strict, cut, batch(new Budget(64 * MIB)));
    decode(lenient, otherTable, batch(new Budget(64 * MIB)));
    Batch small = batch(new Budget(6 * MIB));
    assertThrows(
        CopyBuffer.LimitExceededException.class, () -> decode(strict, body(4, fields), small));
    decoder.forget();
    assertKeepsLittle(before);
  }

  @Test
  void rowsOfManyTables_areNotKept() {
    String fields = ",\"b\":\"" + "x".repeat(MIB) + "\",\"a\":\"\"";
    long before = usedHeap();
    for (int i = 0; i < TABLES; i++) {
      assertFalse(decode(strict, body(i, fields), batch(new Budget(64 * MIB))).anyEventInvalid());
      decoder.forget();
    }
    assertKeepsLittle(before);
  }

  private static App app(String id, List<Table> tables) {
    return new App(id, List.of("k"), App.ANY_ORIGIN, Validation.STRICT, tables);
  }

  private static List<Table> tables(int count, int columnsEach) {
    List<Column> columns =
        IntStream.range(0, columnsEach)
            .mapToObj(i -> text("column" + i, i))
            .collect(Collectors.toList());
    columns.set(0, new Column("agent", ScalarType.STRING, "User-Agent", Index.NONE, false, 0));
    return IntStream.range(0, count).mapToObj(i -> new Table("t" + i, i, columns)).toList();
  }

  @Test
  void longHeadersOfManyTables_areNotKept() {
    App app = app("a", tables(1_000, 2));
    String agent = "x".repeat(15_000);
    long before = usedHeap();
    for (int i = 0; i < 1_000; i++) {
      byte[] body = body(i, "");
      decoder.decode(app, body, body.length, name -> agent, batch(new Budget(64 * MIB)));
      decoder.forget();
    }
    assertKeepsLittle(before);
    assertNotNull(app); // in use until here
  }

  @Test
  void appsOfTheSameTables_keepNoEncodersOfTheirOwn() {
    List<Table> tables = tables(100, 20);
    List<App> apps = IntStream.range(0, 100).mapToObj(i -> app("a" + i, tables)).toList();
    StringBuilder events = new StringBuilder();
    for (Table table : tables) {
      events.append(",{\"_t\":\"").append(table.name()).append("\"}");
    }
    byte[] body =
        ("{\"events\":[" + events.substring(1) + "],\"secret_key\":\"wrong\"}")
            .getBytes(StandardCharsets.UTF_8);
    long before = usedHeap();
    for (App app : apps) {
      assertTrue(decode(app, body, batch(new Budget(64 * MIB))).wrongSecretKey());
      decoder.forget();
    }
    assertKeepsLittle(before);
    assertNotNull(apps); // in use until here
  }

  @Test
  void encodersOfVeryManyTables_areNotAllKept() {
    App app = app("a", tables(10_000, 20));
    long before = usedHeap();
    for (Table table : app.tables()) {
      assertFalse(decode(app, body(table.ordinal(), ""), new Batch(1 << 10)).anyEventInvalid());
      decoder.forget();
    }
    assertKeepsLittle(before);
    assertNotNull(app); // in use until here
  }

  private static long usedHeap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static void assertKeepsLittle(long before) {
    long kept = usedHeap() - before;
    assertTrue(kept < 5 * MIB, () -> kept + " bytes");
  }

  @Test
  void request_isForgotten() {
    List<WeakReference<?>> request = decodeLeniently();
    decoder.forget();
    request.forEach(DecoderMemoryTest::assertCollected);
  }

  /** Returns what the decoder was given for a request, and what it made of it. */
  private List<WeakReference<?>> decodeLeniently() {
    byte[] body = body(0, ",\"a\":1");
    Headers headers = name -> body.length == 0 ? name : null;
    Batch into = new Batch(1 << 16);
    Decoded decoded =
        decoder.decodeLeniently(
            strict, body, body.length, headers, into, new Arrival(Instant.EPOCH, null));
    return List.of(
        new WeakReference<>(body),
        new WeakReference<>(headers),
        new WeakReference<>(into),
        new WeakReference<>(decoded.lenient()),
        new WeakReference<>(decoded.errors().get(0)));
  }

  @Test
  void encodersOfARemovedApp_areForgotten() {
    WeakReference<Table> removed = decodeForOtherApp();
    for (int i = 0; removed.get() != null && i < 100; i++) {
      System.gc();
      decode(strict, body(0, ""), new Batch(1 << 16));
    }
    assertNull(removed.get());
  }

  private WeakReference<Table> decodeForOtherApp() {
    Table table = new Table("t0", 0, List.of(text("a", 0)));
    App other = new App("b", List.of("k"), App.ANY_ORIGIN, Validation.STRICT, List.of(table));
    assertNull(decode(other, body(0, ""), new Batch(1 << 16)).unknownTable());
    return new WeakReference<>(table);
  }

  private static void assertCollected(WeakReference<?> reference) {
    for (int i = 0; reference.get() != null && i < 10; i++) {
      System.gc();
    }
    assertNull(reference.get());
  }
}
