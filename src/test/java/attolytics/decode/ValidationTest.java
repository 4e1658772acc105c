package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import attolytics.buffer.Batch;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The table of validation, line by line. An outcome is either the stored row, as {@code name=value}
 * for each value that is not NULL, or the errors.
 */
class ValidationTest {
  private static final Table TABLE =
      new Table(
          "t",
          0,
          List.of(
              new Column("n", ScalarType.I32, null, Index.NONE, false, 0),
              new Column("f", ScalarType.F64, null, Index.NONE, false, 1),
              new Column("s", ScalarType.STRING, null, Index.NONE, false, 2),
              new Column("at", ScalarType.TIMESTAMP, null, Index.NONE, false, 3),
              new Column("day", ScalarType.DATE, null, Index.NONE, false, 4),
              new Column("id", ScalarType.UUID, null, Index.NONE, false, 5),
              new Column("j", ScalarType.JSON, null, Index.NONE, false, 6),
              new Column("b", ScalarType.BOOL, null, Index.NONE, false, 7),
              new Column("ref", ScalarType.STRING, "Referer", Index.NONE, false, 8)));
  private static final Table REQUIRED =
      new Table(
          "req",
          1,
          List.of(
              new Column("n", ScalarType.I32, null, Index.NONE, true, 0),
              new Column("s", ScalarType.STRING, null, Index.NONE, true, 1),
              new Column("at", ScalarType.TIMESTAMP, null, Index.NONE, true, 2)));
  private static final Table HEADER =
      new Table(
          "head", 2, List.of(new Column("ref", ScalarType.STRING, "Referer", Index.NONE, true, 0)));

  private final Decoder decoder = new Decoder();

  private String outcome(Validation validation, Map<String, String> headers, String event) {
    App app =
        new App("a", List.of("k"), App.ANY_ORIGIN, validation, List.of(TABLE, REQUIRED, HEADER));
    byte[] body =
        ("{\"secret_key\":\"k\",\"events\":[" + event + "]}").getBytes(StandardCharsets.UTF_8);
    Batch batch = new Batch(1 << 16);
    Decoded decoded = decoder.decode(app, body, body.length, headers::get, batch);
    assertNull(decoded.malformed());
    assertNull(decoded.invalidShape());
    if (decoded.unknownTable() != null) {
      return "404";
    }
    if (decoded.anyEventInvalid()) {
      return decoded.errors().stream()
          .map(e -> e.code() + " " + e.pointer().replace("/events/0", "").replace('\0', '␀'))
          .collect(Collectors.joining(", "));
    }
    return CopiedRows.of(batch).stream().map(ValidationTest::shown).collect(Collectors.joining());
  }

  private static String shown(Reference.Row row) {
    return row.table().columns().stream()
        .filter(column -> row.values().get(column.ordinal()) != null)
        .map(column -> column.name() + "=" + shown(row.values().get(column.ordinal())))
        .collect(Collectors.joining(" "));
  }

  private static String shown(Object value) {
    return value instanceof Tree tree ? tree.normalized().toString() : value.toString();
  }

  private void assertOutcomes(String event, String strict, String lenient) {
    String whole = event.startsWith("{") ? event : "{\"_t\":\"t\"," + event + "}";
    assertEquals(strict, outcome(Validation.STRICT, Map.of(), whole), event);
    assertEquals(lenient, outcome(Validation.LENIENT, Map.of(), whole), event);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"zz\":1, \"n\":2           | unknown_field /zz            | n=2",
        "\"n\":2, \"zz\":{\"n\":[3]} | unknown_field /zz            | n=2",
        "\"N\":1                     | unknown_field /N             | ``",
        "\"\":1                      | unknown_field /              | ``",
        "\"a/b~c\":1                 | unknown_field /a~1b~0c       | ``",
        "\"\\u0000\":1               | unknown_field /␀            | ``",
        "\"n\\u0000\":1              | unknown_field /n␀           | ``",
        "\"\\ud800\":1               | unknown_field /\uFFFD        | ``",
        "\"n\\udc00\":1              | unknown_field /n\uFFFD       | ``"
      })
  void unknownField_isRefusedOrIgnored(String event, String strict, String lenient) {
    assertOutcomes(event, strict, lenient);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"n\":\"1\", \"b\":true          | type_mismatch /n   | b=true",
        "\"n\":1.0, \"b\":true            | type_mismatch /n   | b=true",
        "\"n\":-0.0, \"b\":true           | type_mismatch /n   | b=true",
        "\"n\":1e2, \"b\":true            | type_mismatch /n   | b=true",
        "\"n\":[1], \"b\":true            | type_mismatch /n   | b=true",
        "\"n\":{\"n\":1}, \"b\":true      | type_mismatch /n   | b=true",
        "\"n\":2147483648, \"b\":true     | out_of_range /n    | b=true",
        "\"f\":\"1\", \"b\":true          | type_mismatch /f   | b=true",
        "\"f\":1e400, \"b\":true          | out_of_range /f    | b=true",
        "\"s\":1, \"b\":true              | type_mismatch /s   | b=true",
        "\"s\":\"\\u0000\", \"b\":true    | invalid_string /s  | b=true",
        "\"s\":\"\\ud800\", \"b\":true    | invalid_string /s  | b=true",
        "\"b\":0, \"n\":1                 | type_mismatch /b   | n=1",
        "\"at\":true, \"b\":true          | type_mismatch /at  | b=true",
        "\"at\":[], \"b\":true            | type_mismatch /at  | b=true",
        "\"at\":1e99, \"b\":true          | out_of_range /at   | b=true",
        "\"day\":20190101, \"b\":true     | type_mismatch /day | b=true",
        "\"id\":\"no\", \"b\":true        | type_mismatch /id  | b=true",
        "\"id\":7, \"b\":true             | type_mismatch /id  | b=true",
        "\"j\":1e131072, \"b\":true       | out_of_range /j    | b=true",
        "\"j\":[\"\\u0000\",[]], \"b\":true | invalid_string /j | b=true",
        "\"j\":{\"\\ud800\":[{}]}, \"b\":true | invalid_string /j | b=true"
      })
  void invalidValue_isRefusedOrNull(String event, String strict, String lenient) {
    assertOutcomes(event, strict, lenient);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"_t\":\"req\",\"n\":\"1\",\"s\":\"\",\"at\":0}          | type_mismatch /n",
        "{\"_t\":\"req\",\"n\":-2147483649,\"s\":\"\",\"at\":0}    | out_of_range /n",
        "{\"_t\":\"req\",\"n\":1,\"s\":\"\\u0000\",\"at\":0}       | invalid_string /s",
        "{\"_t\":\"req\",\"n\":1,\"s\":\"\\udc00\",\"at\":0}       | invalid_string /s",
        "{\"_t\":\"req\",\"n\":1,\"s\":\"\",\"at\":1e99}           | out_of_range /at",
        "{\"_t\":\"req\",\"n\":1,\"s\":null,\"at\":0}              | missing_field /s",
        "{\"_t\":\"req\",\"n\":1,\"at\":0}                         | missing_field /s",
        "{\"_t\":\"req\"}          | missing_field /n, missing_field /s, missing_field /at"
      })
  void invalidOrMissingValue_ofRequiredColumn_isRefused(String event, String either) {
    assertOutcomes(event, either, either);
  }

  @Test
  void required_acceptsValidValues() {
    assertOutcomes(
        "{\"_t\":\"req\",\"n\":-0,\"s\":\"\",\"at\":946684800}", "n=0 s= at=0", "n=0 s= at=0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"at\":\"2020-02-30T00:00:00Z\"  | invalid_timestamp /at",
        "\"at\":\"2020-02-20T00:00:00\"   | invalid_timestamp /at",
        "\"at\":\"2020-02-20T24:00:00Z\"  | invalid_timestamp /at",
        "\"at\":\"10000-01-01T00:00:00Z\" | invalid_timestamp /at",
        "\"at\":\"\"                      | invalid_timestamp /at",
        "\"at\":\"\\u0000\"               | invalid_timestamp /at",
        "\"day\":\"2019-02-29\"           | invalid_date /day",
        "\"day\":\"10000-01-01\"          | invalid_date /day",
        "\"day\":\"yesterday\"            | invalid_date /day",
        "{\"_t\":\"req\",\"n\":1,\"s\":\"\",\"at\":\"\"} | invalid_timestamp /at"
      })
  void invalidDateString_isRefusedInEitherMode(String event, String either) {
    assertOutcomes(event, either, either);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"n\":1, \"n\":2              | duplicate_field /n | n=2",
        "\"n\":1, \"\\u006e\":2        | duplicate_field /n | n=2",
        "\"n\":1, \"s\":\"x\", \"n\":2 | duplicate_field /n | n=2 s=x",
        "\"n\":1, \"n\":null           | duplicate_field /n | ``",
        "\"n\":null, \"n\":1           | duplicate_field /n | n=1",
        "\"n\":null, \"n\":null        | duplicate_field /n | ``",
        "\"n\":1, \"n\":\"x\"          | duplicate_field /n | ``",
        "\"n\":\"x\", \"n\":1          | duplicate_field /n, type_mismatch /n | n=1",
        "\"at\":\"x\", \"at\":946684800 | duplicate_field /at, invalid_timestamp /at | at=0",
        "\"at\":0, \"at\":\"x\"        | duplicate_field /at | invalid_timestamp /at",
        "\"n\":1, \"n\":2, \"n\":3     | duplicate_field /n, duplicate_field /n | n=3",
        "\"j\":{\"a\":1,\"a\":2}       | j={a=2e0} | j={a=2e0}",
        "\"ref\":null, \"ref\":null    | duplicate_field /ref | ``",
        "\"zz\":1, \"zz\":1            | unknown_field /zz, unknown_field /zz | ``"
      })
  void duplicateField_isRefusedOrTheLastOneWins(String event, String strict, String lenient) {
    assertOutcomes(event, strict, lenient);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"_t\":\"req\",\"_t\":\"t\",\"b\":true} | duplicate_field /_t, unknown_field /b, "
            + "missing_field /n, missing_field /s, missing_field /at | b=true",
        "{\"_t\":\"t\",\"n\":1,\"_t\":\"t\"}      | duplicate_field /_t    | n=1",
        "{\"n\":1,\"_t\":\"t\",\"_t\":\"t\"}      | duplicate_field /_t    | n=1",
        "{\"n\":1,\"_t\":\"t\",\"\\u005ft\":\"t\"} | duplicate_field /_t   | n=1",
        "{\"_t\":\"t\",\"_t\":\"none\"}           | duplicate_field /_t    | 404",
        "{\"_t\":\"none\",\"_t\":\"t\",\"n\":1}   | 404                    | n=1",
        "{\"_t\":7,\"_t\":\"t\",\"n\":1}    | type_mismatch /_t, duplicate_field /_t | n=1",
        "{\"_t\":\"t\",\"_t\":7}                  | duplicate_field /_t    | type_mismatch /_t",
        "{\"_t\":\"t\",\"_t\":null}               | duplicate_field /_t    | type_mismatch /_t",
        "{\"_t\":\"t\",\"n\":\"x\",\"_t\":\"t\"}  | duplicate_field /_t, type_mismatch /n | ``"
      })
  void duplicateTableField_isRefusedOrTheLastOneWins(String event, String strict, String lenient) {
    assertOutcomes(event, strict, lenient);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"_t\":\"t\\u0000\"}  | 404",
        "{\"_t\":\"\\ud800\"}   | 404",
        "{\"_t\":\"T\"}         | 404",
        "{\"_t\":\"\"}          | 404",
        "{\"_t\":null}          | type_mismatch /_t",
        "{\"_t\":[\"t\"]}       | type_mismatch /_t",
        "{\"_T\":\"t\"}         | missing_field /_t",
        "{}                     | missing_field /_t",
        "null                   | type_mismatch",
        "[]                     | type_mismatch",
        "\"t\"                  | type_mismatch"
      })
  void eventWithoutAKnownTable_isRefusedInEitherMode(String event, String either) {
    for (Validation validation : Validation.values()) {
      assertEquals(either, outcome(validation, Map.of(), event).strip());
    }
  }

  @Test
  void valueForAHeaderColumn_isRefusedOrIgnored() {
    Map<String, String> headers = Map.of("Referer", "http://x/");
    for (String value : List.of("\"mine\"", "7", "[[1],{}]", "\"http://x/\"")) {
      String event = "{\"ref\":" + value + ",\"_t\":\"t\",\"n\":1}";
      assertEquals("header_field /ref", outcome(Validation.STRICT, headers, event));
      assertEquals("n=1 ref=http://x/", outcome(Validation.LENIENT, headers, event));
      assertEquals("n=1", outcome(Validation.LENIENT, Map.of(), event));
    }
    for (Validation validation : Validation.values()) {
      String event = "{\"_t\":\"t\",\"ref\":null,\"n\":1}";
      assertEquals("n=1 ref=http://x/", outcome(validation, headers, event));
    }
  }

  @Test
  void requiredHeader_mustBeSent() {
    for (Validation validation : Validation.values()) {
      assertEquals(
          "missing_field /ref", outcome(validation, Map.of(), "{\"_t\":\"head\",\"ref\":null}"));
      assertEquals("ref=", outcome(validation, Map.of("Referer", ""), "{\"_t\":\"head\"}"));
      assertEquals("ref=x", outcome(validation, Map.of("Referer", "x"), "{\"_t\":\"head\"}"));
    }
    assertEquals(
        "missing_field /ref",
        outcome(Validation.LENIENT, Map.of(), "{\"_t\":\"head\",\"ref\":\"mine\"}"));
    assertEquals(
        "header_field /ref, missing_field /ref",
        outcome(Validation.STRICT, Map.of(), "{\"_t\":\"head\",\"ref\":\"mine\"}"));
  }

  @ParameterizedTest
  @CsvSource({
    "plain, plain",
    "\u00C3\u00A9\u00F0\u009F\u0098\u0080, é😀", // UTF-8
    "caf\u00E9, café", // not UTF-8, so Latin-1
    "\u00FF\u00FE, ÿþ"
  })
  void header_isDecodedAsUtf8OrElseLatin1(String bytes, String stored) {
    assertEquals(
        "ref=" + stored, outcome(Validation.STRICT, Map.of("Referer", bytes), "{\"_t\":\"head\"}"));
  }

  @Test
  void header_withU0000_hasASpaceThere() {
    assertEquals(
        "ref=a b", outcome(Validation.STRICT, Map.of("Referer", "a\0b"), "{\"_t\":\"head\"}"));
  }

  @Test
  void headers_arePerRequest() {
    for (String value : List.of("one", "two", "three")) {
      String events = "{\"_t\":\"head\"},{\"_t\":\"t\"},{\"_t\":\"head\"}";
      assertEquals(
          "ref=vref=vref=v".replace("v", value),
          outcome(Validation.STRICT, Map.of("Referer", value), events));
    }
    assertEquals("n=1", outcome(Validation.STRICT, Map.of(), "{\"_t\":\"t\",\"n\":1}"));
  }
}
