package attolytics.decode;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Checks bytes for being UTF-8, more strictly than the JSON parser does. */
final class Utf8 {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long HIGH_BITS = 0x8080808080808080L;

  private Utf8() {}

  /**
   * The offset of the first byte that is not part of well-formed UTF-8, or -1: overlong forms,
   * surrogates and what lies past U+10FFFF are not.
   *
   * @see <a href="https://www.unicode.org/versions/latest/">Unicode, table 3-7</a>
   */
  static int firstMalformed(byte[] bytes, int length) {
    int at = 0;
    while (true) {
      while (at + Long.BYTES <= length && ((long) LONG.get(bytes, at) & HIGH_BITS) == 0) {
        at += Long.BYTES;
      }
      while (at < length && bytes[at] >= 0) {
        at++;
      }
      if (at == length) {
        return -1;
      }
      int size = sequenceLength(bytes, at, length);
      if (size == 0) {
        return at;
      }
      at += size;
    }
  }

  /** How many bytes the sequence of two or more at that offset has, or 0 if it is malformed. */
  private static int sequenceLength(byte[] bytes, int at, int length) {
    int lead = bytes[at] & 0xFF;
    int size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || at + size > length) {
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
}
