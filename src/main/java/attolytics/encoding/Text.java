package attolytics.encoding;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The text of a JSON string or number in UTF-8. Valid until the reader's next token. */
public final class Text {
  private byte[] bytes = {};
  private int start;
  private int length;
  private boolean hasNulOrLoneSurrogate;

  private byte[] encoded = new byte[256];

  Text() {}

  /** The array that contains the bytes; not to be modified. */
  public byte[] bytes() {
    return bytes;
  }

  /** The offset of the first byte. */
  public int start() {
    return start;
  }

  /** The number of bytes. */
  public int length() {
    return length;
  }

  /**
   * Whether the text contains U+0000 or an unpaired surrogate, which JSON allows and PostgreSQL
   * does not. The surrogate is encoded as three bytes.
   */
  public boolean hasNulOrLoneSurrogate() {
    return hasNulOrLoneSurrogate;
  }

  /** The number of code points. */
  public int codePoints() {
    int count = 0;
    for (int at = start; at < start + length; at++) {
      count += (bytes[at] & 0xC0) == 0x80 ? 0 : 1;
    }
    return count;
  }

  public boolean is(byte[] utf8) {
    return Arrays.equals(bytes, start, start + length, utf8, 0, utf8.length);
  }

  /** The text, with each unpaired surrogate replaced by U+FFFD. */
  @Override
  public String toString() {
    return new String(bytes, start, length, StandardCharsets.UTF_8);
  }

  /** Sets the text to bytes of the input. */
  void set(byte[] in, int from, int size) {
    if (bytes != in) {
      bytes = in; // only if needed: storing a reference has a GC barrier
    }
    start = from;
    length = size;
    hasNulOrLoneSurrogate = false;
  }

  /**
   * Sets the text to that of some chars.
   *
   * @param maxBytes that the text can have
   */
  void encode(char[] chars, int from, int size, int maxBytes) {
    int needed = (int) Math.min(3L * size, maxBytes);
    if (encoded.length < needed) {
      encoded = new byte[needed];
    }
    int end = from + size;
    boolean invalid = false;
    int at = 0;
    for (int i = from; i < end; i++) {
      char c = chars[i];
      if (c > 0 && c < 0x80) {
        encoded[at++] = (byte) c;
      } else if (isPair(chars, i, end)) {
        at = Utf8.put(Character.toCodePoint(c, chars[++i]), encoded, at);
      } else {
        invalid |= c == 0 || Character.isSurrogate(c);
        at = Utf8.put(c, encoded, at);
      }
    }
    set(encoded, 0, at);
    hasNulOrLoneSurrogate = invalid;
  }

  private static boolean isPair(char[] chars, int at, int end) {
    return Character.isHighSurrogate(chars[at])
        && at + 1 < end
        && Character.isLowSurrogate(chars[at + 1]);
  }
}
