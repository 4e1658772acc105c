package attolytics.encoding;

import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Encodes decimal numbers of any length with all of their digits. The value of a field, in the
 * format of {@code numeric_recv}, is
 *
 * <pre>
 *   0         2        4        6        8
 *   +---------+--------+--------+--------+-------+--
 *   | digits  | weight | sign   | scale  | digit | ...
 *   | int16   | int16  | int16  | int16  | int16 |
 *   +---------+--------+--------+--------+-------+--
 * </pre>
 *
 * Digits are to the base of 10000; the first counts 10000 to the power of the weight. The scale is
 * the number of decimal digits after the point.
 */
public final class Numeric {
  private static final int POSITIVE = 0;
  private static final int NEGATIVE = 0x4000;

  /** The number of decimal digits in one to the base of 10000. */
  private static final int DIGITS = 4;

  private static final int[] POWERS_OF_TEN = {1, 10, 100, 1_000};

  private Numeric() {}

  /** Writes a JSON number, or a string that contains one. */
  public static @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
    boolean isString = json.token() == JsonToken.VALUE_STRING;
    if (!isString && !json.token().isNumeric()) {
      return ValueError.TYPE_MISMATCH;
    }
    Text text = json.text();
    byte[] bytes = text.bytes();
    int start = text.start();
    int end = start + text.length();
    if (isString && !Numbers.isNumber(bytes, start, end)) {
      return ValueError.INVALID_NUMBER;
    }
    if (!Numbers.fitsNumeric(bytes, start, text.length())) {
      return ValueError.OUT_OF_RANGE;
    }
    put(bytes, start, end, out);
    return null;
  }

  private static void put(byte[] text, int start, int end, CopyBuffer out) {
    int from = text[start] == '-' ? start + 1 : start;
    int mantissaEnd = from;
    int point = -1;
    while (mantissaEnd < end && (text[mantissaEnd] | 0x20) != 'e') {
      point = text[mantissaEnd] == '.' ? mantissaEnd : point;
      mantissaEnd++;
    }
    long exponent = mantissaEnd == end ? 0 : Numbers.exponent(text, mantissaEnd + 1, end);
    int fraction = point < 0 ? 0 : mantissaEnd - point - 1;
    int scale = (int) Math.max(0, fraction - exponent);
    int first = from;
    while (first < mantissaEnd && (text[first] == '0' || text[first] == '.')) {
      first++;
    }
    if (first == mantissaEnd) {
      putHeader(0, 0, POSITIVE, scale, out);
      return;
    }
    int last = mantissaEnd - 1;
    while (text[last] == '0' || text[last] == '.') {
      last--;
    }
    int units = point < 0 ? mantissaEnd : point; // the offset after the digit of 10 to the 0
    int firstPower = power(first, units, exponent);
    int lastPower = power(last, units, exponent);
    int weight = Math.floorDiv(firstPower, DIGITS);
    int digits = weight - Math.floorDiv(lastPower, DIGITS) + 1;
    putHeader(digits, weight, text[start] == '-' ? NEGATIVE : POSITIVE, scale, out);
    putDigits(text, first, last, firstPower, out);
  }

  /** The power of ten that the digit at an offset counts. */
  private static int power(int at, int units, long exponent) {
    return (int) ((at < units ? units - at - 1 : units - at) + exponent);
  }

  private static void putHeader(int digits, int weight, int sign, int scale, CopyBuffer out) {
    out.putInt((DIGITS + digits) * Short.BYTES); // the size of the field
    out.putShort(digits);
    out.putShort(weight);
    out.putShort(sign);
    out.putShort(scale);
  }

  private static void putDigits(byte[] text, int first, int last, int firstPower, CopyBuffer out) {
    int digit = 0;
    int power = firstPower;
    for (int at = first; at <= last; at++) {
      if (text[at] == '.') {
        continue;
      }
      digit = digit * 10 + text[at] - '0';
      if (Math.floorMod(power, DIGITS) == 0) {
        out.putShort(digit);
        digit = 0;
      }
      power--;
    }
    int missing = Math.floorMod(power + 1, DIGITS); // decimal digits of the last one, all 0
    if (missing != 0) {
      out.putShort(digit * POWERS_OF_TEN[missing]);
    }
  }
}
