package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderTest {
  private final Table table =
      new Table(
          "t",
          0,
          List.of(
              new Column("n", ScalarType.I32, null, Index.NONE, false, 0),
              new Column("ref", ScalarType.STRING, "Referer", Index.NONE, false, 1),
              new Column("s", ScalarType.STRING, null, Index.NONE, true, 2),
              new Column("at", ScalarType.TIMESTAMP, null, Index.NONE, false, 3)));
  private final Table other =
      new Table("u", 1, List.of(new Column("b", ScalarType.BOOL, null, Index.NONE, false, 0)));
  private final App strict = app(Validation.STRICT);
  private final App lenient = app(Validation.LENIENT);
  private final Decoder decoder = new Decoder();
  private Batch batch = new Batch(1 << 20);

  private App app(Validation validation) {
    return new App("a", List.of("k"), App.ANY_ORIGIN, validation, List.of(table, other));
  }

  private Decoded decode(App app, byte[] body) {
    batch = new Batch(1 << 20);
    return decoder.decode(
        app, body, body.length, name -> name.equals("Referer") ? "\u00C3\u00A9!" : null, batch);
  }

  private Decoded events(App app, String events) {
    String body = "{\"secret_key\":\"k\",\"events\":[" + events + "]}";
    return decode(app, body.getBytes(StandardCharsets.UTF_8));
  }

  private byte[] rows() {
    return Arrays.copyOf(batch.rows().array(), batch.byteCount());
  }

  @Test
  void row_holdsTheColumnsInTheirOrder() {
    Decoded decoded = events(strict, "{\"_t\":\"t\",\"n\":7,\"s\":\"x\"}");
    assertFalse(decoded.anyEventInvalid());
    CopyBuffer expected = new CopyBuffer(64, 64);
    expected.putShort(4);
    expected.putInt(4);
    expected.putInt(7);
    expected.putInt(3);
    expected.put("é!".getBytes(StandardCharsets.UTF_8), 0, 3);
    expected.putInt(1);
    expected.putByte('x');
    expected.putNull();
    assertArrayEquals(Arrays.copyOf(expected.array(), expected.size()), rows());
    assertEquals("k", decoded.secretKey());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"at\":1.5,\"s\":\"x\",\"n\":7,\"_t\":\"t\"}",
        "{\"s\":\"x\",\"_t\":\"t\",\"at\":1.5,\"n\":7}",
        " {  \"n\" : 7 , \"at\":1.5, \"_t\":\"t\",\"s\":\"x\",\"ref\":null}"
      })
  void row_isTheSameForAnyOrderOfFields(String event) {
    events(strict, "{\"_t\":\"t\",\"n\":7,\"s\":\"x\",\"at\":1.5}");
    byte[] expected = rows();
    assertFalse(events(strict, event).anyEventInvalid());
    assertArrayEquals(expected, rows());
  }

  @Test
  void byteOrderMark_isSkipped() {
    byte[] body =
        "\uFEFF{\"secret_key\":\"k\",\"events\":[{\"n\":1,\"s\":\"\",\"_t\":\"t\"}]}"
            .getBytes(StandardCharsets.UTF_8);
    assertFalse(decode(strict, body).anyEventInvalid());
    assertEquals(1, batch.rowCount());
  }

  @Test
  void tables_mayAlternate() {
    events(
        strict,
        "{\"_t\":\"t\",\"s\":\"\"},{\"_t\":\"u\"},{\"b\":true,\"_t\":\"u\"},{\"_t\":\"t\",\"s\":\"\"}");
    assertEquals(3, batch.runCount());
    assertEquals(2, batch.runRows(1));
  }

  @Test
  void strict_reportsEveryErrorOfEveryEvent() {
    Decoded decoded =
        events(
            strict,
            "{\"_t\":\"t\",\"s\":1,\"zz\":[{}],\"n\":2147483648},{\"_t\":\"t\",\"s\":\"\"},"
                + "{\"_t\":\"t\",\"n\":1,\"n\":1,\"ref\":\"r\",\"s\":\"a\\u0000\",\"at\":\"2020-02-30T00:00:00Z\"},7,{},{\"_t\":1}");
    assertTrue(decoded.anyEventInvalid());
    assertEquals(6, decoded.events());
    assertEquals(
        List.of(
            "/events/0/zz unknown_field",
            "/events/0/n out_of_range",
            "/events/0/s type_mismatch",
            "/events/2/n duplicate_field",
            "/events/2/ref header_field",
            "/events/2/s invalid_string",
            "/events/2/at invalid_timestamp",
            "/events/3 type_mismatch",
            "/events/4/_t missing_field",
            "/events/5/_t type_mismatch"),
        decoded.errors().stream().map(e -> e.pointer() + " " + e.code()).toList());
  }

  @Test
  void lenient_ignoresWhatAttolyticsIgnored() {
    Decoded decoded =
        events(
            lenient,
            "{\"_t\":\"t\",\"n\":\"x\",\"zz\":1,\"ref\":\"mine\",\"s\":1,\"s\":\"last\",\"at\":\"no\",\"at\":0}");
    assertFalse(decoded.anyEventInvalid(), () -> decoded.errors().toString());
    events(strict, "{\"_t\":\"t\",\"s\":\"last\",\"at\":0}");
    byte[] expected = rows();
    events(
        lenient,
        "{\"_t\":\"t\",\"n\":\"x\",\"zz\":1,\"ref\":\"mine\",\"s\":1,\"s\":\"last\",\"at\":\"no\",\"at\":0}");
    assertArrayEquals(expected, rows());
  }

  @Test
  void lenient_refusesABadDateAndABadRequiredValue() {
    Decoded decoded = events(lenient, "{\"_t\":\"t\",\"s\":1,\"at\":\"no\"}");
    assertEquals(
        List.of("type_mismatch", "invalid_timestamp"),
        decoded.errors().stream().map(EventError::code).toList());
  }

  @Test
  void duplicateTable_isRefusedOrTheLastOneWins() {
    String twice = "{\"_t\":\"u\",\"s\":\"x\",\"_t\":\"t\"}";
    assertEquals("duplicate_field", events(strict, twice).errors().get(1).code());
    assertFalse(events(lenient, "{\"_t\":\"u\"}," + twice).anyEventInvalid());
    assertEquals(2, batch.runCount());
  }

  @Test
  void unknownTable_isReported() {
    assertNotNull(events(strict, "{\"_t\":\"v\"}").unknownTable());
    assertNull(events(strict, "{\"_t\":\"u\"}").unknownTable());
  }

  @Test
  void errors_areLimitedToAHundred() {
    Decoded decoded = events(strict, "{}" + ",{}".repeat(149));
    assertEquals(100, decoded.errors().size());
    assertEquals(150, decoded.events());
  }

  @Test
  void errors_areTheFirst_whateverEventsTheyAreOf() {
    Decoded decoded =
        events(strict, "{\"_t\":\"t\",\"zz\":1}" + ",{\"_t\":\"t\",\"zz\":1}".repeat(99));
    assertEquals(
        IntStream.range(0, 50).boxed().toList(),
        decoded.errors().stream().map(EventError::event).distinct().toList());
  }

  @Test
  void forget_leavesNothingOfTheResult() {
    Decoded decoded = events(strict, "{}");
    decoder.forget();
    assertEquals(List.of(), decoded.errors());
    assertNull(decoded.secretKey());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\uFEFF"})
  void bodyWithoutAnything_isMalformed(String body) {
    assertNotNull(decode(strict, body.getBytes(StandardCharsets.UTF_8)).malformed());
  }

  @Test
  void quotedValue_isCut() {
    Decoded decoded =
        events(strict, "{\"_t\":\"t\",\"s\":\"\",\"n\":\"" + "x".repeat(1000) + "\"}");
    String detail = decoded.errors().get(0).detail();
    assertTrue(detail.contains("x".repeat(63) + "…") && !detail.contains("x".repeat(64)), detail);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "nope",
        "{\"events\":[]} x",
        "{\"events\":[],\"events\":[]}",
        "{\"secret_key\":\"k\",\"secret_key\":\"k\",\"events\":[]}",
        "{\"events\":[{\"_t\":\"t\",\"n\":01}]}",
        "{\"events\":[{\"n\":1,\"_t\":\"t\",}]}"
      })
  void malformedBody_isReported(String body) {
    assertNotNull(decode(strict, body.getBytes(StandardCharsets.UTF_8)).malformed());
  }

  @Test
  void quotedValue_hasNoControlCharacters() {
    Decoded decoded = events(strict, "{\"_t\":\"t\",\"n\":\"a\\n\\u001b[31m\"}");
    String detail = decoded.errors().get(0).detail();
    assertTrue(detail.endsWith("not \"a\uFFFD\uFFFD[31m\""), detail);
  }

  @Test
  void malformedBody_isNotQuoted() {
    String malformed =
        decode(strict, "{\"secret_key\": sesame}".getBytes(StandardCharsets.UTF_8)).malformed();
    assertNotNull(malformed);
    assertFalse(malformed.contains("sesame"), malformed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "7",
        "{}",
        "{\"events\":{}}",
        "{\"events\":null}",
        "{\"secret_key\":1,\"events\":[]}"
      })
  void bodyOfInvalidShape_isReported(String body) {
    Decoded decoded = decode(strict, body.getBytes(StandardCharsets.UTF_8));
    assertNull(decoded.malformed());
    assertNotNull(decoded.invalidShape());
  }

  @Test
  void utf16_isMalformed() {
    byte[] body = "{\"secret_key\":\"k\",\"events\":[]}".getBytes(StandardCharsets.UTF_16LE);
    assertNotNull(decode(strict, body).malformed());
  }

  @Test
  void deepNesting_isMalformed() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    assertNotNull(events(strict, "{\"_t\":\"t\",\"n\":" + deep + "}").malformed());
  }

  @Test
  void eventsAfterAWrongKey_areOnlyCounted() {
    String events = "[{\"_t\":\"t\",\"s\":\"x\"},{\"_t\":\"nowhere\"},{\"_t\":\"t\",\"q\":[{}]},7]";
    String body = "{\"secret_key\":\"wrong\",\"events\":" + events + "}";
    Decoded decoded = decode(strict, body.getBytes(StandardCharsets.UTF_8));
    assertTrue(decoded.wrongSecretKey());
    assertNothingButTheCount(decoded);
    assertEquals(0, batch.byteCount());
    byte[] right = body.replace("wrong", "k").getBytes(StandardCharsets.UTF_8);
    assertNothingButTheCount(decoder.skim(strict, right, right.length));
    assertNotNull(decode(strict, right).unknownTable());
  }

  private static void assertNothingButTheCount(Decoded decoded) {
    assertEquals(4, decoded.events());
    assertNull(decoded.malformed());
    assertNull(decoded.unknownTable());
    assertFalse(decoded.anyEventInvalid());
    assertEquals(List.of(), decoded.errors());
  }

  @Test
  void eventsAfterAWrongKey_mustBeJson() {
    for (String events : new String[] {"[{\"a\":01}]", "[{}", "[\"\\x\"]", "[{},]"}) {
      String body = "{\"secret_key\":\"wrong\",\"events\":" + events + "}";
      assertNotNull(decode(strict, body.getBytes(StandardCharsets.UTF_8)).malformed(), events);
    }
  }
}
