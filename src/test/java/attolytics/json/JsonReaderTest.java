package attolytics.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
  private final JsonReader json = new JsonReader();

  private void open(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    // Bytes after the length are ignored.
    json.open(Arrays.copyOf(bytes, bytes.length + 1), bytes.length);
  }

  private void readAll(String text) throws MalformedJsonException {
    open(text);
    json.value();
    json.skipTo(0);
    json.close();
  }

  private MalformedJsonException malformed(String text) {
    return assertThrows(MalformedJsonException.class, () -> readAll(text), text);
  }

  // Grammar

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
        "\uFEFF[]"
      })
  void wellFormedJson_isRead(String text) throws MalformedJsonException {
    readAll(text);
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
  void almostJson_isMalformed(String text) {
    malformed(text);
  }

  @Test
  void invalidUtf8_isMalformed() {
    for (String sequence :
        new String[] {
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
        }) {
      for (String around : new String[] {"\"#\"", "\"1234567#\"", "\"\\n#\"", "{\"#\":1}", "[#]"}) {
        byte[] bytes = around.replace("#", sequence).getBytes(StandardCharsets.ISO_8859_1);
        json.open(bytes, bytes.length);
        assertThrows(
            MalformedJsonException.class,
            () -> {
              json.value();
              json.skipTo(0);
            });
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[1 2]     | 3 | expected ',' or ']'",
        "{`a` 1}   | 5 | expected ':'",
        "{1:1}     | 1 | expected a quoted name",
        "[1,]      | 3 | expected a value",
        "[1]]      | 3 | expected the end of the input",
        "[1.]      | 3 | expected a digit",
        "{`a`:1]   | 6 | expected ',' or '}'",
        "[`a       | 3 | unterminated string",
        "[`\\x`]   | 2 | invalid escape sequence",
        "[`\\u12`] | 6 | expected four hexadecimal digits after \\u"
      })
  void message_saysWhatIsExpectedAndWhere(String text, int offset, String message) {
    MalformedJsonException e = malformed(text.replace('`', '"').strip());
    assertEquals(message, e.getMessage());
    assertEquals(offset, e.offset());
  }

  @Test
  void nesting_isBounded() throws MalformedJsonException {
    int most = JsonReader.MAX_DEPTH;
    readAll("[".repeat(most) + "]".repeat(most));
    readAll("{\"a\":".repeat(most) + "1" + "}".repeat(most));
    assertEquals(most, malformed("[".repeat(most + 1) + "]".repeat(most + 1)).offset());
    malformed("{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000));
    malformed("[".repeat(100_000));
  }

  // Navigation

  @Test
  void next_visitsEveryEntry() throws MalformedJsonException {
    open(" { \"a\" : [ 7 , \"x\" ] , \"b\":null}");
    assertEquals(Kind.OBJECT, json.value());
    assertEquals(1, json.valueStart());
    assertTrue(json.next());
    json.name();
    assertEquals("a", json.text().toString());
    assertEquals(Kind.ARRAY, json.value());
    assertEquals(2, json.depth());
    assertFalse(json.inObject());
    assertTrue(json.next());
    assertEquals(Kind.INTEGER, json.value());
    assertEquals("7", json.text().toString());
    assertTrue(json.next());
    assertEquals(Kind.STRING, json.value());
    assertFalse(json.next());
    assertEquals(1, json.depth());
    assertTrue(json.inObject());
    assertTrue(json.next());
    json.name();
    assertEquals(Kind.NULL, json.value());
    assertFalse(json.next());
    assertEquals(0, json.depth());
    json.close();
  }

  @ParameterizedTest
  @CsvSource({
    "null, NULL",
    "true, TRUE",
    "false, FALSE",
    "0, INTEGER",
    "-10, INTEGER",
    "0.0, DECIMAL",
    "1e0, DECIMAL",
    "1E5, DECIMAL",
    "'\"\"', STRING",
    "[], ARRAY",
    "{}, OBJECT"
  })
  void value_hasItsKind(String text, Kind kind) throws MalformedJsonException {
    open(text);
    assertEquals(kind, json.value());
  }

  @Test
  void skipTo_skipsTheRest() throws MalformedJsonException {
    String nested = "{\"a\":[{\"b\":[1,{}]},\"]}\"],\"c\":{\"d\":[]}}";
    for (int steps = 0; steps < 12; steps++) {
      open("[" + nested + ",7]");
      json.value();
      json.next();
      json.value();
      for (int step = 0; step < steps; step++) {
        if (!json.next()) {
          continue;
        }
        if (json.inObject()) {
          json.name();
          if (step == steps - 1) {
            break; // the value of a name that was read is still to come
          }
        }
        json.value();
      }
      json.skipTo(1);
      assertTrue(json.next());
      json.value();
      assertEquals("7", json.text().toString());
    }
  }

  @Test
  void rewind_returnsToTheFirstField() throws MalformedJsonException {
    open("[{\"a\":[1],\"b\":2},3]");
    json.value();
    json.next();
    json.value();
    int start = json.position();
    int depth = json.depth();
    json.skipTo(depth - 1);
    json.rewind(start, depth);
    assertTrue(json.next());
    json.name();
    assertEquals("a", json.text().toString());
    json.skipTo(1);
    assertTrue(json.next());
    json.value();
    assertEquals("3", json.text().toString());
  }

  @Test
  void nameIs_readsOnlyThatName() throws MalformedJsonException {
    open("{\"ab\" :1,\"a\":2}");
    byte[] a = "\"a\":".getBytes(StandardCharsets.UTF_8);
    byte[] ab = "\"ab\" :".getBytes(StandardCharsets.UTF_8);
    json.value();
    json.next();
    assertFalse(json.nameIs(a));
    assertFalse(json.nameIs("\"ab\" :1,\"a\":2}???".getBytes(StandardCharsets.UTF_8)));
    assertTrue(json.nameIs(ab));
    assertEquals(Kind.INTEGER, json.value());
    json.next();
    assertFalse(json.nameIs(ab));
    assertTrue(json.nameIs(a));
    json.value();
    assertFalse(json.next());
  }

  // Text

  @Test
  void text_isAViewUnlessItHasEscapes() throws MalformedJsonException {
    open("[\"é12\",\"\\u00e9\"]");
    json.value();
    json.next();
    json.value();
    assertSame(json.bytes(), json.text().bytes());
    assertEquals(2, json.text().start());
    assertEquals(4, json.text().length());
    assertTrue(json.text().is("é12".getBytes(StandardCharsets.UTF_8)));
    assertFalse(json.text().is("é1".getBytes(StandardCharsets.UTF_8)));
    json.next();
    json.value();
    assertEquals("é", json.text().toString());
  }

  @Test
  void text_hasEscapesResolved() throws MalformedJsonException {
    String escaped = "\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00 plain é€😀";
    String text = "\"\\/\b\f\n\r\tAé€😀 plain é€😀";
    for (int repeats = 1; repeats < 100; repeats += 7) {
      open('"' + escaped.repeat(repeats) + '"');
      json.value();
      assertEquals(text.repeat(repeats), json.text().toString());
      assertFalse(json.text().hasNulOrLoneSurrogate());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "\\u0000, \\0",
    "a\\u0000, a\\0",
    "\\ud800, ?",
    "\\udfff, ?",
    "\\ud83dx, ?x",
    "\\ud83d\\ud83d\\ude00, ?😀",
    "\\ude00\\ud83d, ??",
    "\\ud83d\\n, ?\\n",
    "\\ud83d\\u0041, ?A"
  })
  void text_reportsNulAndLoneSurrogates(String escaped, String text) throws MalformedJsonException {
    open('"' + escaped + '"');
    json.value();
    assertTrue(json.text().hasNulOrLoneSurrogate());
    assertEquals(
        text.replace("\\0", "\0").replace("\\n", "\n").replace('?', '\uFFFD'),
        json.text().toString());
    open("\"next\"");
    json.value();
    assertFalse(json.text().hasNulOrLoneSurrogate());
  }

  @Test
  void text_endsAtAnyOffset() throws MalformedJsonException {
    for (String stop :
        new String[] {"\\n", "\\u00e9", "é", "€", "😀", "\u007f", "!", "[", "]", "`"}) {
      for (int before = 0; before < 20; before++) {
        for (int behind = 0; behind < 10; behind++) {
          String text = "a".repeat(before) + stop + "z".repeat(behind);
          open('"' + text + '"');
          json.value();
          assertEquals(
              text.replace("\\n", "\n").replace("\\u00e9", "é"), json.text().toString(), text);
          json.close();
        }
      }
    }
  }

  @Test
  void asciiChars_areTheNumber() throws MalformedJsonException {
    String number = "-1234567890.5e-7";
    for (String text : new String[] {number, "1".repeat(100), "7"}) {
      open(text);
      json.value();
      assertEquals(text, new String(json.text().asciiChars(), 0, json.text().length()));
    }
  }
}
