package attolytics.encoding;

/** JSON numbers as text, and the limits of NUMERIC. */
final class Numbers {
  /** The maximum number of digits before the decimal point. */
  private static final int MAX_BEFORE_POINT = 131_072;

  /** The maximum number of digits after the decimal point, including trailing zeros. */
  private static final int MAX_AFTER_POINT = 16_383;

  /** NUMERIC rejects larger exponents, even of zero. */
  private static final int MAX_EXPONENT = 1_000_000_000;

  private Numbers() {}

  /**
   * Parses the exponent that follows the {@code e}.
   *
   * @return at most 4 billion in magnitude, more than the digits of any body can compensate
   */
  static long exponent(byte[] text, int from, int end) {
    int at = from;
    boolean negative = text[at] == '-';
    if (negative || text[at] == '+') {
      at++;
    }
    long exponent = 0;
    for (; at < end; at++) {
      exponent = Math.min(exponent * 10 + (text[at] - '0'), Integer.MAX_VALUE * 2L);
    }
    return negative ? -exponent : exponent;
  }

  /**
   * Whether NUMERIC, and therefore JSONB, can hold the number.
   *
   * @see <a href="https://www.postgresql.org/docs/current/datatype-numeric.html">Numeric Types</a>
   */
  static boolean fitsNumeric(byte[] text, int from, int length) {
    int end = from + length;
    int digits = 0;
    int leadingZeros = 0;
    int beforePoint = -1;
    int at = from;
    for (; at < end && (text[at] | 0x20) != 'e'; at++) {
      if (text[at] == '.') {
        beforePoint = digits;
      } else if (text[at] != '-') {
        digits++;
        leadingZeros += text[at] == '0' && leadingZeros == digits - 1 ? 1 : 0;
      }
    }
    if (beforePoint < 0) {
      beforePoint = digits;
    }
    long exponent = at == end ? 0 : exponent(text, at + 1, end);
    boolean zero = leadingZeros == digits;
    return Math.abs(exponent) < MAX_EXPONENT
        && (zero || beforePoint - leadingZeros + exponent <= MAX_BEFORE_POINT)
        && digits - beforePoint - exponent <= MAX_AFTER_POINT;
  }

  /** Whether the text is a number as JSON writes it. */
  static boolean isNumber(byte[] text, int start, int end) {
    int at = start < end && text[start] == '-' ? start + 1 : start;
    int integer = digits(text, at, end);
    if (integer == at || (integer > at + 1 && text[at] == '0')) {
      return false;
    }
    at = integer;
    if (at < end && text[at] == '.') {
      int fraction = digits(text, at + 1, end);
      if (fraction == at + 1) {
        return false;
      }
      at = fraction;
    }
    if (at < end && (text[at] | 0x20) == 'e') {
      boolean signed = at + 1 < end && (text[at + 1] == '+' || text[at + 1] == '-');
      int from = signed ? at + 2 : at + 1;
      at = digits(text, from, end);
      return at == end && at > from;
    }
    return at == end;
  }

  /** Returns the offset after the digits at an offset. */
  private static int digits(byte[] text, int from, int end) {
    int at = from;
    while (at < end && text[at] >= '0' && text[at] <= '9') {
      at++;
    }
    return at;
  }
}
