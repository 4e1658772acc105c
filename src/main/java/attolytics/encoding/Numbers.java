package attolytics.encoding;

/** The digits of JSON numbers, as they stand there. */
final class Numbers {
  /** Digits before the point that NUMERIC holds. */
  private static final int MAX_BEFORE_POINT = 131_072;

  /** Digits after the point that NUMERIC holds, zeros included. */
  private static final int MAX_AFTER_POINT = 16_383;

  /** NUMERIC refuses exponents past about this one, even of zero. */
  private static final int MAX_EXPONENT = 1_000_000_000;

  private Numbers() {}

  /**
   * What stands behind the {@code e}.
   *
   * @return a number past 4 billion, which no body is long enough to make up for, if it is larger
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
   * Whether NUMERIC, and so JSONB, holds the number as it is written.
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
}
