package attolytics.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The text of a JSON name, string or number: UTF-8, without quotes and with escapes resolved. Where
 * there are no escapes, it is a view of the input. Valid until the next read.
 */
public final class Text {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long EVERY_BYTE = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final long SPACES = ' ' * EVERY_BYTE;
  private static final long QUOTES = '"' * EVERY_BYTE;
  private static final long BACKSLASHES = '\\' * EVERY_BYTE;

  private byte[] bytes = {};
  private int start;
  private int length;
  private boolean hasNulOrLoneSurrogate;

  private byte[] unescaped = new byte[256];
  private char[] chars = new char[32];

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

  /** The text as chars; it must be ASCII, such as a number. Valid until the next call. */
  public char[] asciiChars() {
    if (chars.length < length) {
      chars = new char[2 * length];
    }
    for (int i = 0; i < length; i++) {
      chars[i] = (char) bytes[start + i];
    }
    return chars;
  }

  /** The text, with each unpaired surrogate replaced by U+FFFD. */
  @Override
  public String toString() {
    return new String(bytes, start, length, StandardCharsets.UTF_8);
  }

  void set(byte[] in, int from, int to) {
    if (bytes != in) {
      bytes = in; // only if needed: storing a reference has a GC barrier
    }
    start = from;
    length = to - from;
    hasNulOrLoneSurrogate = false;
  }

  /**
   * Reads a string.
   *
   * @param from the offset after the opening quote
   * @return the offset after the closing quote
   */
  int readString(byte[] in, int from, int end) throws MalformedJsonException {
    int stop = plainEnd(in, from, end);
    if (in[stop] != '"') {
      return unescape(in, from, stop, end);
    }
    set(in, from, stop);
    return stop + 1;
  }

  /** The offset of the next quote or backslash; checks everything before it. */
  private static int plainEnd(byte[] in, int from, int end) throws MalformedJsonException {
    int at = from;
    while (true) {
      while (at + Long.BYTES <= end) {
        long stops = stops((long) LONG.get(in, at));
        if (stops != 0) {
          at += Long.numberOfTrailingZeros(stops) / Byte.SIZE;
          break;
        }
        at += Long.BYTES;
      }
      while (at < end && in[at] >= ' ' && in[at] != '"' && in[at] != '\\') {
        at++;
      }
      if (at == end) {
        throw new MalformedJsonException("unterminated string", at);
      }
      if (in[at] >= ' ') {
        return at;
      }
      int size = in[at] < 0 ? Utf8.sequenceLength(in, at, end) : 0;
      if (size == 0) {
        throw new MalformedJsonException(
            in[at] < 0 ? "invalid UTF-8" : "unescaped control character", at);
      }
      at += size;
    }
  }

  /**
   * Sets the high bit of the first byte that is not plain ASCII text: a quote, a backslash, a
   * control character, or a byte of a multi-byte sequence. The bits after it are undefined.
   */
  private static long stops(long eight) {
    long quote = eight ^ QUOTES;
    long backslash = eight ^ BACKSLASHES;
    return (eight | (eight - SPACES) | (quote - EVERY_BYTE) | (backslash - EVERY_BYTE)) & HIGH_BITS;
  }

  /** Reads a string whose first backslash is at a known offset. */
  private int unescape(byte[] in, int from, int backslash, int end) throws MalformedJsonException {
    boolean invalid = false;
    int size = append(in, from, backslash, 0);
    int at = backslash;
    while (in[at] == '\\') {
      int codePoint = escaped(in, at, end);
      invalid |= codePoint == 0 || (codePoint >= 0xD800 && codePoint <= 0xDFFF);
      at += codePoint >= 0x10000 ? 12 : in[at + 1] == 'u' ? 6 : 2;
      ensureCapacity(size + 4);
      size = Utf8.put(codePoint, unescaped, size);
      int stop = plainEnd(in, at, end);
      size = append(in, at, stop, size);
      at = stop;
    }
    set(unescaped, 0, size);
    hasNulOrLoneSurrogate = invalid;
    return at + 1;
  }

  private int append(byte[] in, int from, int to, int size) {
    ensureCapacity(size + to - from);
    System.arraycopy(in, from, unescaped, size, to - from);
    return size + to - from;
  }

  private void ensureCapacity(int size) {
    if (size > unescaped.length) {
      unescaped = Arrays.copyOf(unescaped, 2 * size);
    }
  }

  /** The code point of the escape sequence, or of the surrogate pair, at an offset. */
  private static int escaped(byte[] in, int at, int end) throws MalformedJsonException {
    int c = at + 1 < end ? in[at + 1] : 0;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> codePoint(in, at, end);
      default -> throw new MalformedJsonException("invalid escape sequence", at);
    };
  }

  private static int codePoint(byte[] in, int at, int end) throws MalformedJsonException {
    char unit = codeUnit(in, at + 2, end);
    if (Character.isHighSurrogate(unit)
        && at + 7 < end
        && in[at + 6] == '\\'
        && in[at + 7] == 'u') {
      char low = codeUnit(in, at + 8, end);
      if (Character.isLowSurrogate(low)) {
        return Character.toCodePoint(unit, low);
      }
    }
    return unit;
  }

  private static char codeUnit(byte[] in, int from, int end) throws MalformedJsonException {
    int unit = 0;
    for (int at = from; at < from + 4; at++) {
      int digit = at < end ? Character.digit(in[at] & 0xFF, 16) : -1;
      if (digit < 0) {
        throw new MalformedJsonException("expected four hexadecimal digits after \\u", at);
      }
      unit = unit << 4 | digit;
    }
    return (char) unit;
  }
}
