package attolytics.encoding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
  private final JsonReader json = new JsonReader();

  /** At the first token, which is not the first byte. */
  private void open(String text) throws IOException {
    byte[] bytes = ("..." + text + "?").getBytes(StandardCharsets.UTF_8);
    json.close();
    json.open(bytes, 3, bytes.length - 1);
    json.nextToken();
  }

  @Test
  void text_ofANumber_isAViewOfTheInput() throws IOException {
    open("[-1.50e7 ]");
    json.nextToken();
    assertSame(json.bytes(), json.text().bytes());
    assertEquals("-1.50e7", json.text().toString());
    assertEquals(-1.5e7, json.doubleValue());
    assertEquals(4, json.tokenStart());
    assertEquals(11, json.tokenEnd());
  }

  @Test
  void text_ofAStringWithoutEscapes_isAViewOfTheInput() throws IOException {
    open("[\"\\n\", \"é😀\" , \"a\"]");
    json.nextToken();
    json.text();
    json.nextToken();
    assertSame(json.bytes(), json.text().bytes());
    assertEquals("é😀", json.text().toString());
    assertEquals(10, json.tokenStart());
    assertEquals(18, json.tokenEnd());
    json.nextToken();
    assertEquals(json.tokenStart() + 3, json.tokenEnd()); // before the text
    assertEquals("a", json.text().toString());
  }

  @ParameterizedTest
  @CsvSource({
    "\\\\u0041, \\u0041",
    "\\\\\\u0041, \\A",
    "\\ud83d\\ude00\\\\, 😀\\",
    "\\u00e9\\\\n, é\\n"
  })
  void text_ofEscapedBackslashes(String escaped, String text) throws IOException {
    open('"' + escaped + '"');
    assertEquals(text, json.text().toString());
    assertEquals(text, json.text().toString());
    assertEquals(3 + escaped.getBytes(StandardCharsets.UTF_8).length + 2, json.tokenEnd());
  }

  /** An IO thread has its readers for ever. */
  @Test
  void closed_keepsNothingOfTheInput() throws Exception {
    byte[] bytes = ("{\"" + "n".repeat(1 << 16) + "\":\"v\"}").getBytes(StandardCharsets.UTF_8);
    json.open(bytes, 0, bytes.length);
    json.nextToken();
    json.nextToken();
    WeakReference<String> name = new WeakReference<>(json.name());
    json.nextToken();
    assertEquals("v", json.text().toString());
    json.close();
    WeakReference<byte[]> input = new WeakReference<>(bytes);
    bytes = null;
    for (int i = 0; i < 100 && (input.get() != null || name.get() != null); i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertNull(input.get());
    assertNull(name.get());
  }

  @Test
  void text_hasEscapesResolved() throws IOException {
    String escaped = "\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00 plain é€😀";
    String text = "\"\\/\b\f\n\r\tAé€😀 plain é€😀";
    for (int repeats = 1; repeats < 1000; repeats = 3 * repeats + 1) {
      open('"' + escaped.repeat(repeats) + '"');
      assertEquals(text.repeat(repeats), json.text().toString());
      assertTrue(json.text().is(text.repeat(repeats).getBytes(StandardCharsets.UTF_8)));
      assertFalse(json.text().is(text.getBytes(StandardCharsets.UTF_8)) && repeats > 1);
      assertEquals(repeats * text.codePointCount(0, text.length()), json.text().codePoints());
      assertFalse(json.text().hasNulOrLoneSurrogate());
    }
  }

  /** A name that is expected, or not, and a text. */
  @ParameterizedTest
  @CsvSource({
    "\\u0000, \\0",
    "a\\u0000, a\\0",
    "\\ud800, ?",
    "\\udfff, ?",
    "\\ud83dx, ?x",
    "\\ud83d\\ud83d\\ude00, ?😀",
    "\\ud83d\\ude00\\ude00, 😀?",
    "\\ude00\\ud83d, ??",
    "\\ud83d\\n, ?\\n",
    "\\ud83d\\u0041, ?A",
    "\\ud83d\\ud900, ??"
  })
  void nulAndLoneSurrogates_areReported(String escaped, String shown) throws IOException {
    String text = shown.replace("\\0", "\0").replace("\\n", "\n").replace('?', '\uFFFD');
    open("{\"a\":\"" + escaped + "\",\"" + escaped + "\":1,\"b\":\"\\ud800\",\"c\":2}");
    for (String expected : new String[] {text, "c"}) {
      json.nextToken();
      assertFalse(json.nameHasNulOrLoneSurrogate());
      json.nextToken();
      assertTrue(json.text().hasNulOrLoneSurrogate());
      json.nextName(new SerializedString(expected));
      assertEquals(expected, json.name());
      assertEquals(expected.equals(text), json.nameHasNulOrLoneSurrogate());
      json.nextToken();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\ud800\\udc00", "\\uDBFF\\uDFFF"})
  void name_withASurrogatePair_isThatCharacter(String escaped) throws IOException {
    open("{\"" + escaped + "\":1}");
    json.nextToken();
    assertFalse(json.nameHasLoneSurrogate());
    assertEquals(1, json.name().codePointCount(0, json.name().length()));
  }

  @Test
  void skipTo_skipsTheRest() throws IOException {
    String nested = "{\"a\":[{\"b\":[1,{}]},\"]}\"],\"c\":{\"d\":[]}}";
    for (int steps = 0; steps < 20; steps++) {
      open("[" + nested + ",7]");
      json.nextToken();
      for (int step = 0; step < steps; step++) {
        json.nextToken();
      }
      json.skipTo(1);
      assertEquals(1, json.depth());
      assertEquals(JsonToken.VALUE_NUMBER_INT, json.nextToken());
      assertEquals("7", json.text().toString());
    }
  }

  @Test
  void rewind_readsAnObjectAgain() throws IOException {
    String object = "{\"a\":[{\"b\":1},2],\"\\ud800\":\"x\",\"c\":{}}";
    for (int steps = 0; steps < 15; steps++) { // from any token of the object to its end
      open("[0," + object + ",7]");
      json.nextToken();
      json.nextToken();
      int start = json.tokenStart();
      int depth = json.depth();
      for (int step = 0; step < steps && json.depth() >= depth; step++) {
        json.nextToken();
      }
      json.rewind(start, depth);
      assertEquals(JsonToken.START_OBJECT, json.token());
      assertEquals(start, json.tokenStart());
      assertEquals(depth, json.depth());
      assertTrue(json.nextName(new SerializedString("a")));
      json.skipTo(depth);
      json.nextToken();
      assertEquals("\uFFFD", json.name());
      assertTrue(json.nameHasLoneSurrogate());
      json.nextToken();
      assertEquals("x", json.text().toString());
      json.skipTo(depth - 1);
      assertEquals(JsonToken.END_OBJECT, json.token());
      assertEquals(start + object.length(), json.tokenEnd());
      assertEquals(1, json.index());
      assertEquals(JsonToken.VALUE_NUMBER_INT, json.nextToken());
      assertEquals(2, json.index());
    }
  }

  @Test
  void index_isThatInTheInnermostArray() throws IOException {
    open("[0,[1],{}]");
    int[] indexes = {0, 1, 0, 1, 2};
    for (int index : indexes) {
      json.nextToken();
      if (json.token() != JsonToken.END_ARRAY) {
        assertEquals(index, json.index());
      }
    }
  }
}
