package attolytics.encoding;

import java.util.Arrays;

/**
 * Encodes IP addresses, with or without a prefix length. The value of a field, in the format of
 * {@code inet_recv}, is
 *
 * <pre>
 *   0            1             2          3            4
 *   +------------+-------------+----------+------------+---------------+
 *   | family     | prefix      | is cidr  | size       | address       |
 *   | int8: 2, 3 | length int8 | int8 = 0 | int8: 4,16 | 4 or 16 bytes |
 *   +------------+-------------+----------+------------+---------------+
 * </pre>
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc4291#section-2.2">RFC 4291, 2.2</a>
 */
public final class Inet {
  private static final int IPV4 = 2;
  private static final int IPV6 = 3;
  private static final int IPV4_BYTES = 4;
  private static final int IPV6_BYTES = 16;
  private static final int HEADER_BYTES = 4;
  private static final int INVALID = -1;

  private Inet() {}

  /**
   * Writes an address as a field.
   *
   * @return false if the text is not an address; the caller must then truncate what was written
   */
  public static boolean put(byte[] text, int from, int length, CopyBuffer out) {
    int end = from + length;
    int slash = indexOf('/', text, from, end);
    boolean isIpv6 = indexOf(':', text, from, slash) < slash;
    int bytes = isIpv6 ? IPV6_BYTES : IPV4_BYTES;
    int bits = bytes * Byte.SIZE;
    int prefix = slash == end ? bits : decimal(text, slash + 1, end, bits);
    if (prefix == INVALID) {
      return false;
    }
    out.putInt(HEADER_BYTES + bytes);
    out.putByte(isIpv6 ? IPV6 : IPV4);
    out.putByte(prefix);
    out.putByte(0);
    out.putByte(bytes);
    return isIpv6 ? putIpv6(text, from, slash, out) : putIpv4(text, from, slash, out);
  }

  private static boolean putIpv4(byte[] text, int from, int end, CopyBuffer out) {
    int at = from;
    for (int i = 0; i < IPV4_BYTES; i++) {
      int stop = indexOf('.', text, at, end);
      int part = decimal(text, at, stop, 255);
      boolean isLast = i == IPV4_BYTES - 1;
      if (part == INVALID || (stop == end) != isLast) {
        return false;
      }
      out.putByte(part);
      at = stop + 1;
    }
    return true;
  }

  private static boolean putIpv6(byte[] text, int from, int end, CopyBuffer out) {
    int start = out.size();
    int gap = INVALID; // the number of bytes before ::
    int at = from;
    if (startsWithGap(text, at, end)) {
      gap = 0;
      at += 2;
    }
    while (at < end) {
      int stop = indexOf(':', text, at, end);
      if (stop == end && indexOf('.', text, at, end) < end) {
        if (!putIpv4(text, at, end, out)) {
          return false;
        }
      } else {
        int group = hex(text, at, stop);
        if (group == INVALID) {
          return false;
        }
        out.putShort(group);
      }
      at = stop;
      if (startsWithGap(text, at, end)) {
        if (gap != INVALID) {
          return false;
        }
        gap = out.size() - start;
        at += 2;
      } else if (at < end && ++at == end) {
        return false; // a single colon at the end
      }
    }
    return fillGap(start, gap, out);
  }

  private static boolean startsWithGap(byte[] text, int at, int end) {
    return at + 1 < end && text[at] == ':' && text[at + 1] == ':';
  }

  /** Inserts the zeros that {@code ::} stands for; false if the address has a wrong size. */
  private static boolean fillGap(int start, int gap, CopyBuffer out) {
    int missing = IPV6_BYTES - (out.size() - start);
    if (gap == INVALID ? missing != 0 : missing < Short.BYTES) {
      return false;
    }
    for (int i = 0; i < missing; i++) {
      out.putByte(0);
    }
    if (missing > 0) {
      byte[] bytes = out.array();
      int from = start + gap;
      int moved = IPV6_BYTES - gap - missing;
      System.arraycopy(bytes, from, bytes, from + missing, moved);
      Arrays.fill(bytes, from, from + missing, (byte) 0);
    }
    return true;
  }

  private static int indexOf(int c, byte[] text, int from, int end) {
    int at = from;
    while (at < end && text[at] != c) {
      at++;
    }
    return at;
  }

  /** One to three digits without a leading zero. */
  private static int decimal(byte[] text, int from, int end, int max) {
    if (from == end || end - from > 3 || (text[from] == '0' && end - from > 1)) {
      return INVALID;
    }
    int value = 0;
    for (int at = from; at < end; at++) {
      if (text[at] < '0' || text[at] > '9') {
        return INVALID;
      }
      value = value * 10 + text[at] - '0';
    }
    return value <= max ? value : INVALID;
  }

  /** One to four digits. */
  private static int hex(byte[] text, int from, int end) {
    if (from == end || end - from > 4) {
      return INVALID;
    }
    int value = 0;
    for (int at = from; at < end; at++) {
      int digit = Character.digit(text[at] & 0xFF, 16);
      if (digit < 0) {
        return INVALID;
      }
      value = value << 4 | digit;
    }
    return value;
  }
}
