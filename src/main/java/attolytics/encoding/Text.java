package attolytics.encoding;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The text of a JSON string or number in UTF-8: a view of the input, unless it has escapes. Valid
 * until the reader's next token.
 */
public final class Text {
  private static final byte[] NOTHING = {};

  private static final int MAX_SHORT_BYTES = 1 << 16;

  private byte[] bytes = NOTHING;
  private int start;
  private int length;
  private boolean hasNulOrLoneSurrogate;

  private final Scratch unescaped = new Scratch();

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

  /**
   * The text as {@link #toString} has it, or null if it is longer than 64 KiB and so equals no text
   * of a schema file: a string takes several times its bytes while it is made.
   */
  public @Nullable String toShortString() {
    return length > MAX_SHORT_BYTES ? null : toString();
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

  /** Sets the text to none, and does not keep the input. */
  void clear() {
    set(NOTHING, 0, 0);
  }

  /** Sets the text to that of a string with escapes, which the parser has checked. */
  void unescape(byte[] in, int from, int to) {
    byte[] out = unescaped.atLeast(to - from); // the text is shorter
    boolean invalid = false;
    int size = 0;
    for (int at = from; at < to; ) {
      if (in[at] != '\\') {
        out[size++] = in[at++];
      } else {
        int c = escaped(in, at, to);
        at += in[at + 1] != 'u' ? 2 : c < Character.MIN_SUPPLEMENTARY_CODE_POINT ? 6 : 12;
        invalid |= c == 0 || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
        size = Utf8.put(c, out, size);
      }
    }
    set(out, 0, size);
    hasNulOrLoneSurrogate = invalid;
  }

  /** The code point of the escape, or of the two of a surrogate pair, at an offset. */
  private static int escaped(byte[] in, int at, int to) {
    return switch (in[at + 1]) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> codePoint(in, at, to);
      default -> in[at + 1]; // a quote, a backslash or a slash
    };
  }

  private static int codePoint(byte[] in, int at, int to) {
    char unit = codeUnit(in, at + 2);
    int next = at + 6;
    if (Character.isHighSurrogate(unit) && next < to && in[next] == '\\' && in[next + 1] == 'u') {
      char low = codeUnit(in, next + 2);
      if (Character.isLowSurrogate(low)) {
        return Character.toCodePoint(unit, low);
      }
    }
    return unit;
  }

  /** The value of the four hexadecimal digits at an offset. */
  static char codeUnit(byte[] in, int at) {
    int value = 0;
    for (int i = at; i < at + 4; i++) {
      value = value << 4 | Character.digit(in[i], 16);
    }
    return (char) value;
  }
}
