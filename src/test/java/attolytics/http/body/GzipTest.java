package attolytics.http.body;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class GzipTest {
  private static final int MAX = 1000;
  private final Gzip gzip = new Gzip();

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] compress(byte[] data) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream deflating = new GZIPOutputStream(out)) {
      deflating.write(data);
    }
    return out.toByteArray();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private byte[] inflate(byte[] body) throws IOException {
    int length = gzip.inflate(body, body.length, MAX);
    return Arrays.copyOf(gzip.bytes(), length);
  }

  private void assertBroken(byte[] body) throws IOException {
    assertThrows(IOException.class, () -> inflate(body));
    assertArrayEquals(bytes("next"), inflate(compress(bytes("next"))));
  }

  @Property(tries = 100)
  void inflate_returnsWhatWasCompressed(@ForAll @Size(max = MAX) byte[] data) throws IOException {
    assertArrayEquals(data, inflate(compress(data)));
  }

  @Test
  void inflate_joinsMembers() throws IOException {
    byte[] members = join(compress(bytes("a")), compress(bytes("")), compress(bytes("bc")));
    assertArrayEquals(bytes("abc"), inflate(members));
  }

  @Test
  void inflate_skipsEveryFieldOfTheHeader() throws IOException {
    byte[] plain = compress(bytes("data"));
    byte[] fields = bytes("\3\0xyzname\0comment\0\1\2");
    byte[] body =
        join(Arrays.copyOf(plain, 10), fields, Arrays.copyOfRange(plain, 10, plain.length));
    body[3] = 0b11110;
    assertArrayEquals(bytes("data"), inflate(body));
  }

  @Test
  void inflate_refusesTruncatedInput() throws IOException {
    byte[] whole = compress(bytes("some data, and more of it"));
    for (int length = 0; length < whole.length; length++) {
      assertBroken(Arrays.copyOf(whole, length));
    }
    byte[] fields = join(Arrays.copyOf(whole, 10), bytes("\377\377"));
    fields[3] = 0b11110;
    assertBroken(fields);
  }

  @Test
  void inflate_refusesAlteredInput() throws IOException {
    byte[] whole = compress(bytes("some data"));
    for (int at : new int[] {0, 1, 2, whole.length - 8, whole.length - 1}) {
      byte[] altered = whole.clone();
      altered[at] ^= 1;
      assertBroken(altered);
    }
    byte[] reserved = whole.clone();
    reserved[3] = (byte) 0x80;
    assertBroken(reserved);
  }

  @Test
  void inflate_refusesTrailingBytes() throws IOException {
    assertBroken(join(compress(bytes("a")), bytes("x")));
    assertBroken(join(compress(bytes("a")), new byte[100]));
  }

  @Test
  void inflate_stopsAfterTheMaximum() throws IOException {
    byte[] bomb = compress(new byte[50_000_000]);
    assertEquals(MAX + 1, gzip.inflate(bomb, bomb.length, MAX));
    assertTrue(gzip.bytes().length <= MAX + 1);
    byte[] members = join(compress(new byte[MAX]), compress(new byte[1]));
    assertEquals(MAX + 1, gzip.inflate(members, members.length, MAX));
    byte[] exact = compress(new byte[MAX]);
    assertEquals(MAX, gzip.inflate(exact, exact.length, MAX));
  }

  @Test
  void inflate_stopsAtTheMaximumInALargerBuffer() throws IOException {
    inflate(compress(new byte[MAX])); // which is used again
    byte[] body = compress(new byte[MAX]);
    assertEquals(11, gzip.inflate(body, body.length, 10));
  }
}
