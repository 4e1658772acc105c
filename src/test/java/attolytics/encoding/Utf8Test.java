package attolytics.encoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class Utf8Test {
  @Property(tries = 5000)
  void firstMalformed_agreesWithTheJdk(@ForAll @Size(max = 24) byte[] bytes) {
    assertEquals(isUtf8(bytes), Utf8.firstMalformed(bytes, bytes.length) < 0);
  }

  /** Of text that is long enough for what looks at eight bytes at a time. */
  @Property(tries = 5000)
  void firstMalformed_ofTextWithOneByteChanged_agreesWithTheJdk(
      @ForAll @StringLength(max = 40) @CharRange(to = '\uD7FF') String text,
      @ForAll byte changed,
      @ForAll @IntRange(max = 200) int at) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    assertEquals(-1, Utf8.firstMalformed(bytes, bytes.length));
    if (at < bytes.length) {
      bytes[at] = changed;
      assertEquals(isUtf8(bytes), Utf8.firstMalformed(bytes, bytes.length) < 0);
    }
  }

  @Test
  void firstMalformed_ofEveryLeadAndContinuation() {
    for (int i = 0; i < 1 << 18; i++) {
      byte third = (byte) ((i & 1) == 0 ? 0x80 : 'b');
      byte fourth = (byte) ((i & 2) == 0 ? 0xBF : 'c');
      byte[] bytes = {'a', (byte) (i >> 10), (byte) (i >> 2), third, fourth};
      assertEquals(isUtf8(bytes), Utf8.firstMalformed(bytes, bytes.length) < 0);
    }
  }

  @Test
  void firstMalformed_isItsOffset() {
    byte[] bytes = {'a', (byte) 0xC3, (byte) 0xA9, 'b', (byte) 0xE2, (byte) 0x82};
    assertEquals(4, Utf8.firstMalformed(bytes, bytes.length));
    assertEquals(1, Utf8.firstMalformed(bytes, 2));
    assertEquals(-1, Utf8.firstMalformed(bytes, 4));
  }

  @Test
  void put_writesEveryCodePoint() {
    byte[] out = new byte[5];
    for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
      int end = Utf8.put(codePoint, out, 1);
      if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
        assertArrayEquals(
            Character.toString(codePoint).getBytes(StandardCharsets.UTF_8),
            Arrays.copyOfRange(out, 1, end));
      } else {
        assertEquals(4, end); // as any other code point of three bytes
      }
    }
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
