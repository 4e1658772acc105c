package attolytics.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.buffer.Batch;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Table;
import attolytics.schema.Validation;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is JSON, and where a body is not, for all parts of a body: those that are ignored, too. */
class GrammarTest {
  private static final String IN_EVENT = "{\"events\":[{\"_t\":\"t\",\"j\":#}]}";

  /**
   * In an event, in what is ignored before and after it, and in an event that has to be searched.
   */
  private static final List<String> PLACES =
      List.of(
          IN_EVENT,
          "{\"x\":#,\"events\":[]}",
          "{\"events\":[{\"_t\":\"t\"}],\"x\":#}",
          "{\"events\":[{\"j\":#,\"_t\":\"t\"}]}",
          "{\"events\":[{\"unknown\":#,\"_t\":\"t\"}]}",
          "{\"events\":[0,#]}");

  private final App app = app(Validation.LENIENT);
  private final App strict = app(Validation.STRICT);
  private final Decoder decoder = new Decoder();
  private final Batch batch = new Batch(1 << 24);

  private static App app(Validation validation) {
    Column column = new Column("j", ScalarType.JSON, null, Index.NONE, false, 0);
    Table table = new Table("t", 0, List.of(column));
    return new App("a", List.of("k"), App.ANY_ORIGIN, validation, List.of(table));
  }

  private Decoded decode(byte[] body) {
    return decode(app, body);
  }

  private Decoded decode(App app, byte[] body) {
    batch.clear();
    // Bytes after the length are ignored.
    byte[] more = Arrays.copyOf(body, body.length + 1);
    return decoder.decode(app, more, body.length, name -> null, batch);
  }

  private Decoded decode(String body) {
    return decode(body.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        " true\n",
        "\t[ ]\r",
        "{ }",
        "[[],{},[{}],\"\",0]",
        "{\"\":{\"a\" : [ 1 , -0.5e+10 ] } , \"a\":null}",
        "-0",
        "0e0",
        "1E-2",
        "\"\u007f é\u2028😀\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\\udc00\\u0000\"",
        "{\"\\ud83d\\ude00\\ud83d\\u0000\":0}"
      })
  void wellFormedJson_isAccepted(String json) {
    for (String place : PLACES) {
      assertNull(decode(place.replace("#", json)).malformed(), place);
    }
    assertNull(decode(json).malformed());
    assertNull(decode("\uFEFF" + json).malformed());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "\uFEFF",
        "\uFEFF\uFEFF[]",
        "[\uFEFF]",
        "nul",
        "nulll",
        "Null",
        "tru",
        "TRUE",
        "True",
        "falsy",
        "undefined",
        "NaN",
        "[NaN]",
        "Infinity",
        "-Infinity",
        "[1] 2",
        "[1]]",
        "{}{}",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[,]",
        "[1,,2]",
        "[1 2]",
        "[1}",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\":1:2}",
        "{\"a\",1}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{null:1}",
        "{\"a\":1]",
        "'a'",
        "['a']",
        "[1] // one",
        "/* one */ [1]",
        "# one\n[1]",
        "[1;2]",
        "01",
        "-01",
        "00",
        "+1",
        "-",
        "--1",
        "- 1",
        ".5",
        "-.5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "1e1.5",
        "1.2.3",
        "0x10",
        "1_000",
        "1f",
        "1L",
        "\u0661",
        "\"",
        "\"a",
        "\"\\",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\'\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u123\"",
        "\"\\u12g4\"",
        "\"\\u 123\"",
        "\"\\U0041\"",
        "\"\\u00",
        "\"\\ud83d\\u\"",
        "\"\\ud83d\\uzzzz\"",
        "{\"\\ud83d\\u\":1}",
        "{\"\\ud83d\\udcgg\":1}",
        "{\"\\ud83d\\",
        "\"a\nb\"",
        "\"a\tb\"",
        "\"\u0000\"",
        "\"\u001f\"",
        "{\"\n\":1}",
        "[\u00A0]",
        "[\u000B1]",
        "[\u000C1]",
        "[\u00001]",
        "\u001e[1]"
      })
  void almostJson_isMalformed(String json) {
    for (String place : PLACES) {
      assertNotNull(decode(place.replace("#", json)).malformed(), place);
    }
    assertNotNull(decode(json).malformed());
    byte[] untrusted = IN_EVENT.replace("#", json).getBytes(StandardCharsets.UTF_8);
    assertNotNull(decoder.skim(app, untrusted, untrusted.length).malformed());
  }

  @Test
  void invalidUtf8AtTheBeginning_isMalformed() {
    assertEquals(
        "the body is not JSON at line 1, column 1: invalid UTF-8",
        decode(new byte[] {(byte) 0xFF}).malformed());
  }

  @Test
  void byteOrderMarkAlone_isAnEmptyBody() {
    assertEquals(
        "the body is not JSON at line 1, column 4: unexpected end", decode("\uFEFF").malformed());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u0080",
        "\u00C3",
        "\u00C3x",
        "\u00C0\u0080",
        "\u00E0\u0080\u0080",
        "\u00ED\u00A0\u0080",
        "\u00F5\u0080\u0080\u0080",
        "\u00F4\u0090\u0080\u0080",
        "\u00F0\u009F\u0098",
        "\u00FF"
      })
  void invalidUtf8_isMalformed(String bytes) {
    for (String json : List.of("\"#\"", "\"1234567#\"", "\"\\n#\"", "{\"#\":1}", "[#]")) {
      String body = IN_EVENT.replace("#", json.replace("#", bytes));
      assertEquals(
          "the body is not JSON at line 1, column %d: invalid UTF-8"
              .formatted(body.indexOf(bytes) + 1),
          decode(body.getBytes(StandardCharsets.ISO_8859_1)).malformed());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                   | line 1, column 1: unexpected end",
        "'  '                 | line 1, column 3: unexpected end",
        "{                    | line 1, column 2: unexpected end",
        "{\"x\":\"a           | line 1, column 8: unexpected end",
        "{\"x\":[1 2]}        | line 1, column 9: unexpected character",
        "{\"x\" 1}            | line 1, column 6: unexpected character",
        "{1:1}                | line 1, column 2: unexpected character",
        "{\"x\":[1,]}         | line 1, column 9: unexpected character",
        "[1]]                 | line 1, column 4: unexpected character",
        "[1] 2                | line 1, column 5: unexpected character",
        "{\"x\":[1.]}         | line 1, column 9: unexpected character",
        "{\"x\":1]            | line 1, column 7: unexpected character",
        "{\"x\":\\nsesame}     | line 2, column 1: unexpected character",
        "\uFEFF{x             | line 1, column 5: unexpected character"
      })
  void detail_saysWhereAndQuotesNothing(String body, String detail) {
    assertEquals(
        "the body is not JSON at " + detail, decode(body.replace("\\n", "\n")).malformed());
  }

  /**
   * The byte behind the caret is the unexpected one. In lenient validation an event whose table
   * stands last, or twice, is read twice.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{^,'_t':'t'}",
        "{^_t:'t'}",
        "{'_t' ^'t'}",
        "{'_t'^}",
        "{'_t'^,'j':1}",
        "{'_t':^}",
        "{'_t':^,'j':1}",
        "{'_t':^t}",
        "{'_t':'t' ^'j':1}",
        "{'_t':'t'^;'j':1}",
        "{'_t':'t'^:'j'}",
        "{'_t':'t',^,'j':1}",
        "{'_t':'t',^}",
        "{'_t':'t'^]",
        "{'_t':'t',^j:1}",
        "{'_t':'t',^1:1}",
        "{'_t':'t',^{'j':1}}",
        "{'_t':'t','j' ^1}",
        "{'_t':'t','j'^}",
        "{'_t':'t','j':^}",
        "{'_t':'t','j':1 ^2}",
        "{'_t':'t','j':1^:2}",
        "{'_t':'t','j':1^]",
        "{'_t':'t','j':1,^}",
        "{'_t':'t','j':'1'^'k':2}",
        "{'_t':'t','j':1 ^'_t':'t'}",
        "{'_t':'t','j':[1]^[2]}",
        "{'_t':'t','_t':'t',^}",
        "{'_t':'u','j':1,^}",
        "{'_t':1,'j':1,^}",
        "{'j':1 ^'_t':'t'}",
        "{'j':1,^,'_t':'t'}",
        "{'j'^,'_t':'t'}",
        "{'j':^,'_t':'t'}",
        "{'j':1,'_t' ^'t'}",
        "{'j':1,'_t':^}",
        "{'j':1,'_t':'t'^]",
        "{'j':1,'_t':'t',^}",
        "{'j':1,'_t':'t' ^'k':2}",
        "{'k':1,^}",
        "{'k':1^]"
      })
  void errorBetweenTheFieldsOfAnEvent_isFoundWhereItIs(String event) {
    String marked = "{\"events\":[7,\n" + event.replace('\'', '"') + "]}";
    String body = marked.replace("^", "");
    int column = marked.indexOf('^') - marked.indexOf('\n');
    String detail = "the body is not JSON at line 2, column " + column + ": unexpected character";
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    assertEquals(detail, decode(app, bytes).malformed(), "lenient");
    assertEquals(detail, decode(strict, bytes).malformed(), "strict");
    assertEquals(detail, decoder.skim(app, bytes, bytes.length).malformed(), "skimmed");
  }

  @Test
  void bodyThatIsCutOff_endsUnexpectedly() {
    String body =
        "{\"events\" : [{\"_t\":\"t\", \"j\":{\"a\":[1,2]}} , {\"j\":\"\\u00e9\",\"_t\":\"t\"},"
            + "{\"_t\":\"t\",\"k\":\"\",\"_t\":\"t\"}], \"x\":0}";
    assertNull(decode(body).malformed());
    for (int length = 0; length < body.length(); length++) {
      String detail =
          "the body is not JSON at line 1, column %d: unexpected end".formatted(length + 1);
      byte[] start = body.substring(0, length).getBytes(StandardCharsets.UTF_8);
      assertEquals(detail, decode(app, start).malformed());
      assertEquals(detail, decode(strict, start).malformed());
    }
  }

  @Test
  void nesting_isBounded() {
    int room = 1000 - 3; // the body, its events, the event
    assertNull(decode(IN_EVENT.replace("#", nested("[", room, "]"))).malformed());
    assertEquals(1, batch.rowCount());
    assertNull(decode(IN_EVENT.replace("#", nested("{\"a\":", room, "}"))).malformed());
    assertEquals(
        "the body is not JSON at line 1, column 1023: nested deeper than 1000 levels",
        decode(IN_EVENT.replace("#", nested("[", room + 1, "]"))).malformed());
    for (String place : PLACES) {
      assertNotNull(decode(place.replace("#", nested("{\"a\":", 100_000, "}"))).malformed());
      assertNotNull(decode(place.replace("#", "[".repeat(100_000))).malformed());
    }
  }

  private static String nested(String open, int levels, String close) {
    return open.repeat(levels) + "1" + close.repeat(levels);
  }

  /** The parser's own bounds are lower, for some of them. The number is the longest of NUMERIC. */
  @Test
  void sizes_areBoundedByTheBody() {
    for (String json :
        List.of(
            "\"" + "x".repeat(3_000_000) + "\"",
            "\"" + "\\u20ac".repeat(500_000) + "\"",
            "1" + "0".repeat(131_071) + "." + "1".repeat(16_383),
            "0." + "1".repeat(16_000),
            "{\"" + "n".repeat(60_000) + "\":1}",
            "[" + "[],".repeat(500_000) + "[]]")) {
      for (String place : PLACES) {
        Decoded decoded = decode(place.replace("#", json));
        assertNull(decoded.malformed(), place);
      }
      assertFalse(decode(IN_EVENT.replace("#", json)).anyEventInvalid());
      assertEquals(1, batch.rowCount());
    }
  }

  /** To read one takes many times its size, which no budget knows. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"_t\":\"t\",\"j\":#}",
        "{\"j\":#,\"_t\":\"t\"}",
        "{\"j\":[#],\"_t\":\"t\"}",
        "{\"unknown\":#,\"_t\":\"t\"}",
        "{\"_t\":\"t\",\"_t\":\"u\",\"j\":#}",
        "#"
      })
  void limit_isReportedWhereItIsExceeded(String event) {
    int value = event.indexOf('#') + 1; // the column
    int levels = 2 + (int) event.chars().filter(c -> c == '{' || c == '[').count();
    String nested = "[".repeat(1000 - levels);
    assertLimit(event, nested + "[", value + nested.length(), "nested deeper than 1000 levels");
    assertLimit(event, nested + "{", value + nested.length(), "nested deeper than 1000 levels");
    for (String name : List.of("n".repeat(1_000_000), "\\u20ac".repeat(100_000))) {
      assertLimit(event, "{\"" + name + "\":1}", value + 1, "a name of more than 65536 bytes");
      assertLimit(
          event, "{\"\":0,\"" + name + "\":1}", value + 6, "a name of more than 65536 bytes");
    }
    for (String number : List.of("1".repeat(262_145), "-0." + "1".repeat(1_000_000))) {
      assertLimit(event, number, value, "a number of more than 262144 bytes");
    }
  }

  private void assertLimit(String event, String value, int column, String limit) {
    String body = "{\"events\":[7,\n" + event.replace("#", value) + "]}";
    String detail = "the body is not JSON at line 2, column " + column + ": " + limit;
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    assertEquals(detail, decode(app, bytes).malformed());
    assertEquals(detail, decode(strict, bytes).malformed());
    assertEquals(detail, decoder.skim(app, bytes, bytes.length).malformed());
  }

  @Test
  void longNameOrNumber_isRefusedInAllPlaces() {
    for (String json : List.of("{\"" + "n".repeat(1_000_000) + "\":1}", "1".repeat(1_000_000))) {
      for (String place : PLACES) {
        String detail = decode(place.replace("#", json)).malformed();
        assertTrue(detail != null && detail.contains(" of more than "), detail);
      }
    }
  }

  @Test
  void longNumber_takesLessMemoryThanItsDigits() {
    byte[] body = IN_EVENT.replace("#", "1".repeat(8_000_000)).getBytes(StandardCharsets.UTF_8);
    decode("{}");
    long before = allocatedBytes();
    Decoded decoded = decoder.decode(app, body, body.length, name -> null, batch);
    long allocated = allocatedBytes() - before;
    assertNotNull(decoded.malformed());
    assertTrue(allocated < 4_000_000, () -> allocated + " bytes");
  }

  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  /** More than a table of the parser's would hold, with the same hash value. */
  @Test
  void manyNames_areAccepted() {
    StringBuilder fields = new StringBuilder("{\"x\":0");
    for (int i = 0; i < 100_000; i++) {
      String name = Integer.toBinaryString(0x10000 | i).replace("0", "Aa").replace("1", "BB");
      fields.append(",\"").append(name).append("\":0");
    }
    for (String place : PLACES) {
      assertNull(decode(place.replace("#", fields + "}")).malformed());
    }
  }
}
