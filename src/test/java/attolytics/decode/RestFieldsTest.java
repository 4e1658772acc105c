package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What fields that are no columns take of the budget of their request. */
class RestFieldsTest {
  private static final int MIB = 1 << 20;

  private final Decoder decoder = new Decoder();
  private final App app =
      new App(
          "a",
          List.of("k"),
          App.ANY_ORIGIN,
          Validation.STRICT,
          List.of(new Table("t", 0, List.of(text(), rest()))));

  private static Column text() {
    return new Column("a", ScalarType.STRING, null, Index.NONE, false, 0);
  }

  private static Column rest() {
    return new Column("rest", ScalarType.JSON, "", null, null, null, true, Index.NONE, false, 1);
  }

  private static byte[] body(String fields) {
    return ("{\"secret_key\":\"k\",\"events\":[{\"_t\":\"t\"" + fields + "}]}")
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Fields with short names, which take about ten times as much. */
  private static String names(int bytes) {
    StringBuilder fields = new StringBuilder();
    for (int i = 0; fields.length() < bytes; i++) {
      fields.append(",\"x").append(Integer.toString(i, 36)).append("\":0");
    }
    return fields.toString();
  }

  private static String manyNames() {
    return names(MIB);
  }

  private Decoded decode(byte[] body, Batch into) {
    return decoder.decode(app, body, body.length, name -> null, into);
  }

  private static Batch batch(Budget budget) {
    return new Batch(1024, 64 * MIB, budget);
  }

  @Test
  void unknownFields_areAnObject_inTheirColumn() {
    Batch into = new Batch(1 << 16);
    assertFalse(decode(body(",\"b\":[1],\"a\":\"x\",\"c\":\"é\""), into).anyEventInvalid());
    byte[] rest = "{\"b\":[1],\"c\":\"é\"}".getBytes(StandardCharsets.UTF_8);
    CopyBuffer expected = new CopyBuffer(64, 64);
    expected.putShort(2);
    expected.putField(new byte[] {'x'}, 0, 1);
    expected.putInt(1 + rest.length);
    expected.putByte(1); // the version of JSONB
    expected.put(rest, 0, rest.length);
    assertArrayEquals(
        Arrays.copyOf(expected.array(), expected.size()),
        Arrays.copyOf(into.rows().array(), into.byteCount()));
  }

  @Test
  void unknownFields_areAnObject_inTheFirstColumn() {
    Column first =
        new Column("rest", ScalarType.JSON, "", null, null, null, true, Index.NONE, false, 0);
    Column second = new Column("a", ScalarType.STRING, null, Index.NONE, false, 1);
    Table table = new Table("t", 0, List.of(first, second));
    App other = new App("a", List.of("k"), App.ANY_ORIGIN, Validation.STRICT, List.of(table));
    Batch into = new Batch(1 << 16);
    byte[] body = body(",\"b\":1");
    assertFalse(decoder.decode(other, body, body.length, name -> null, into).anyEventInvalid());
    String row = new String(into.rows().array(), 0, into.byteCount(), StandardCharsets.ISO_8859_1);
    assertTrue(row.contains("{\"b\":1}"), row);
  }

  @Test
  void withoutUnknownFields_theColumnIsNull() {
    Batch into = new Batch(1 << 16);
    assertFalse(decode(body(",\"b\":1"), into).anyEventInvalid());
    into.clear();
    assertFalse(decode(body(""), into).anyEventInvalid());
    assertArrayEquals(
        new byte[] {0, 2, -1, -1, -1, -1, -1, -1, -1, -1},
        Arrays.copyOf(into.rows().array(), into.byteCount()));
  }

  @Test
  void namesOfUnknownFields_areReservedInTheBudget() {
    byte[] body = body(manyNames());
    Budget budget = new Budget(6 * MIB);
    Batch into = batch(budget);
    assertThrows(CopyBuffer.LimitExceededException.class, () -> decode(body, into));
    into.release();
    assertEquals(0, budget.used());
  }

  @Test
  void memoryOfUnknownFields_isReleasedAfterTheirEvent() {
    Budget budget = new Budget(20 * MIB);
    Batch into = new Batch(4 * MIB, 64 * MIB, budget);
    assertTrue(into.reserve(0));
    long reserved = budget.used();
    for (int i = 0; i < 3; i++) {
      assertFalse(decode(body(manyNames()), into).anyEventInvalid());
      assertEquals(reserved, budget.used());
    }
  }

  @Test
  void nameGivenTwiceAmongMany_isADuplicate() {
    Batch into = batch(new Budget(64 * MIB));
    Decoded decoded = decode(body(manyNames() + ",\"xz\":1"), into);
    assertEquals(
        List.of("/events/0/xz duplicate_field"),
        decoded.errors().stream().map(e -> e.pointer() + " " + e.code()).toList());
  }

  @Test
  void smallEvents_reserveNothingBesidesTheirRows() {
    Budget budget = new Budget(64 * MIB);
    Batch into = new Batch(64 << 10, 64 * MIB, budget);
    assertTrue(into.reserve(0));
    long reserved = budget.used();
    for (int i = 0; i < 100; i++) {
      assertFalse(decode(body(",\"x\":1,\"y\":2"), into).anyEventInvalid());
    }
    assertEquals(reserved, budget.used());
  }

  @Test
  void memoryOfARequestThatFailed_isNotThatOfTheNext() {
    Batch failed = batch(new Budget(6 * MIB));
    byte[] body = body(manyNames());
    assertThrows(CopyBuffer.LimitExceededException.class, () -> decode(body, failed));
    Budget budget = new Budget(MIB);
    Batch next = new Batch(64 << 10, MIB, budget);
    assertTrue(next.reserve(0));
    long reserved = budget.used();
    assertFalse(decode(body(",\"x\":1"), next).anyEventInvalid());
    assertEquals(reserved, budget.used());
  }

  @Test
  void fieldThatCannotBeStored_isAnError_andLeavesTheOthers() {
    Batch into = new Batch(1 << 16);
    String fields = ",\"b\":\"\\u0000\",\"\\u0000\":1,\"c\":1";
    Decoded decoded = decode(body(fields), into);
    assertEquals(
        List.of("/events/0/b invalid_string", "/events/0/\0 invalid_string"),
        decoded.errors().stream().map(e -> e.pointer() + " " + e.code()).toList());
  }

  @Test
  void fieldThatCannotBeStored_isLeftOut_inLenientValidation() {
    App lenient = new App("a", List.of("k"), App.ANY_ORIGIN, Validation.LENIENT, app.tables());
    Batch into = new Batch(1 << 16);
    byte[] body = body(",\"b\":1,\"c\":\"\\u0000\",\"d\":2");
    assertFalse(decoder.decode(lenient, body, body.length, name -> null, into).anyEventInvalid());
    String row = new String(into.rows().array(), 0, into.byteCount(), StandardCharsets.UTF_8);
    assertTrue(row.endsWith("{\"b\":1,\"d\":2}"), row);
  }
}
