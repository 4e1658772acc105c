package attolytics.encoding;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. */
public final class Utf8 {
  /** The maximum length of an encoded code point. */
  public static final int MAX_BYTES = 4;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long HIGH_BITS = 0x8080808080808080L;

  private Utf8() {}

  /**
   * The offset of the first byte that is not well-formed UTF-8, or -1.
   *
   * @see <a href="https://www.unicode.org/versions/latest/">Unicode, table 3-7</a>
   */
  public static int firstMalformed(byte[] bytes, int length) {
    for (int at = 0; at < length; ) {
      if (isAscii(bytes, at, length)) {
        at += Long.BYTES;
        continue;
      }
      int size = bytes[at] >= 0 ? 1 : sequenceLength(bytes, at, length);
      if (size == 0) {
        return at;
      }
      at += size;
    }
    return -1;
  }

  /** Whether eight bytes at an offset are ASCII. */
  private static boolean isAscii(byte[] bytes, int at, int length) {
    return at + Long.BYTES <= length && ((long) LONG.get(bytes, at) & HIGH_BITS) == 0;
  }

  /** The length of the multi-byte sequence at an offset, or 0 if it is malformed. */
  static int sequenceLength(byte[] bytes, int at, int end) {
    int lead = bytes[at] & 0xFF;
    int size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || at + size > end) {
      return 0;
    }
    int second = bytes[at + 1] & 0xFF;
    int least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    int most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < least || second > most) {
      return 0;
    }
    for (int i = at + 2; i < at + size; i++) {
      if ((bytes[i] & 0xC0) != 0x80) {
        return 0;
      }
    }
    return size;
  }

  /**
   * Writes a code point. A surrogate, which UTF-8 excludes, is written as three bytes.
   *
   * @return the offset after it
   */
  public static int put(int codePoint, byte[] out, int at) {
    if (codePoint < 0x80) {
      out[at] = (byte) codePoint;
      return at + 1;
    }
    if (codePoint < 0x800) {
      out[at] = (byte) (0xC0 | (codePoint >> 6));
      out[at + 1] = continuation(codePoint);
      return at + 2;
    }
    if (codePoint < 0x10000) {
      out[at] = (byte) (0xE0 | (codePoint >> 12));
      out[at + 1] = continuation(codePoint >> 6);
      out[at + 2] = continuation(codePoint);
      return at + 3;
    }
    out[at] = (byte) (0xF0 | (codePoint >> 18));
    out[at + 1] = continuation(codePoint >> 12);
    out[at + 2] = continuation(codePoint >> 6);
    out[at + 3] = continuation(codePoint);
    return at + 4;
  }

  private static byte continuation(int bits) {
    return (byte) (0x80 | (bits & 0x3F));
  }
}
