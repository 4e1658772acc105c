package attolytics.http.body;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkedBodyTest {
  private final ChunkedBody body = new ChunkedBody();

  /** Feeds the body in pieces of that length, and returns its data. */
  private String decode(String raw, int piece) throws IOException {
    StringBuilder data = new StringBuilder();
    byte[] bytes = raw.getBytes(StandardCharsets.ISO_8859_1);
    for (int from = 0; from < bytes.length && !body.ended(); from += piece) {
      int to = Math.min(bytes.length, from + piece);
      int count = body.decode(bytes, from, to);
      data.append(new String(bytes, from, count, StandardCharsets.ISO_8859_1));
    }
    return data.toString();
  }

  private static String unescaped(String raw) {
    return raw.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void decode_removesTheFramingFromPartsOfAnySize(int piece) throws IOException {
    assertEquals(
        "hello world, 16 chars",
        decode("5\r\nhello\r\n010;x=\"y\"\r\n world, 16 chars\r\n0\r\n\r\n", piece));
    assertTrue(body.ended());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1\\r\\na\\r\\n0\\r\\n\\r\\n",
        "1;x\\r\\na\\r\\n0\\r\\n\\r\\n",
        "1 ;x=\"é\"\\r\\na\\r\\n0\\r\\n\\r\\n",
        "1\\r\\na\\r\\n000\\r\\n\\r\\n",
        "1\\r\\na\\r\\n0;last\\r\\nTrailer: x\\r\\nAnother:\\r\\n\\r\\n"
      })
  void decode_ignoresExtensionsAndTrailers(String raw) throws IOException {
    assertEquals("a", decode(unescaped(raw), 1));
    assertTrue(body.ended());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\r\\n",
        "g\\r\\n",
        "-1\\r\\n",
        "+1\\r\\n",
        "0x1\\r\\n",
        " 1\\r\\n",
        ";x\\r\\n",
        "1\\na\\n",
        "1\\r\\rna",
        "1\\r\\na\\n",
        "1\\r\\nab\\r\\n",
        "1\\r\\na\\r\\n\\r\\n",
        "1 x\\r\\n",
        "1;\\0\\r\\n",
        "0\\r\\n\\n",
        "0\\r\\nX: \\ny\\r\\n\\r\\n",
        "0\\r\\n\\r\\rn",
        "10000000000000000\\r\\n"
      })
  void decode_refusesAmbiguousCoding(String raw) {
    assertThrows(IOException.class, () -> decode(unescaped(raw), 1));
  }

  @Test
  void decode_limitsBytesBetweenChunks() {
    String extension = "x".repeat(10_000);
    assertThrows(IOException.class, () -> decode("1;" + extension, 100));
    ChunkedBody other = new ChunkedBody();
    byte[] trailer = ("0\r\n" + "a: b\r\n".repeat(2_000)).getBytes(StandardCharsets.US_ASCII);
    assertThrows(IOException.class, () -> other.decode(trailer, 0, trailer.length));
  }

  @Test
  void decode_stopsAtTheEndOfTheBody() throws IOException {
    byte[] bytes = "1\r\na\r\n0\r\n\r\nPOST /".getBytes(StandardCharsets.US_ASCII);
    assertEquals(1, body.decode(bytes, 0, bytes.length));
    assertEquals(bytes.length - "POST /".length(), body.consumed());
  }

  @Test
  void ended_isFalseUntilTheLastLine() throws IOException {
    decode("1\r\na\r\n0\r\n\r", 3);
    assertFalse(body.ended());
  }
}
