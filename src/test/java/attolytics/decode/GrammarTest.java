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

  private final App app =
      new App(
          "a",
          List.of("k"),
          App.ANY_ORIGIN,
          Validation.LENIENT,
          List.of(
              new Table(
                  "t", 0, List.of(new Column("j", ScalarType.JSON, null, Index.NONE, false, 0)))));
  private final Decoder decoder = new Decoder();
  private final Batch batch = new Batch(1 << 24);

  private Decoded decode(byte[] body) {
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

  /** The parser's own bounds are lower, for some of them. */
  @Test
  void sizes_areBoundedByTheBodyOnly() {
    for (String json :
        List.of(
            "\"" + "x".repeat(3_000_000) + "\"",
            "\"" + "\\u20ac".repeat(500_000) + "\"",
            "1" + "0".repeat(100_000),
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
  @Test
  void longName_isRefused() {
    for (String name : List.of("n".repeat(1_000_000), "\\u20ac".repeat(100_000))) {
      for (String place : PLACES) {
        String detail = decode(place.replace("#", "{\"" + name + "\":1}")).malformed();
        assertTrue(detail != null && detail.endsWith(": a name of more than 65536 bytes"), detail);
      }
    }
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
