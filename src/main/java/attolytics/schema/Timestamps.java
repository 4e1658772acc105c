package attolytics.schema;

/**
 * Points in time as PostgreSQL keeps them: microseconds since 2000-01-01T00:00:00Z. Parsed from
 * characters without an object, and rounded to the nearest microsecond, ties to even.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc3339#section-5.6">RFC 3339, 5.6</a>
 */
final class Timestamps {
  /** Returned for what is no timestamp or lies outside of TIMESTAMPTZ's range. */
  static final long NONE = Long.MIN_VALUE;

  private static final long MICROS = 1_000_000;

  /** 4714-11-24 BC, the first day that TIMESTAMPTZ can hold: microseconds before 1970. */
  private static final long MAX_MICROS_BEFORE_1970 = 210_866_803_200L * MICROS;

  /** The first microsecond past 294276-12-31, counted from 1970, which takes all 64 bits. */
  private static final long UNSIGNED_END = Long.parseUnsignedLong("9224318016000000000");

  private static final long TENTH_OF_END = Long.divideUnsigned(UNSIGNED_END, 10);
  private static final long MICROS_FROM_1970_TO_2000 = 946_684_800L * MICROS;
  private static final int SECONDS_A_DAY = 86_400;

  private Timestamps() {}

  /** A JSON number: seconds since 1970, with or without fraction and exponent. */
  static long parseEpochSeconds(char[] text, int from, int length) {
    int at = from;
    int end = from + length;
    boolean negative = text[at] == '-';
    if (negative) {
      at++;
    }
    int exponentAt = at;
    int point = -1;
    for (; exponentAt < end && text[exponentAt] != 'e' && text[exponentAt] != 'E'; exponentAt++) {
      if (text[exponentAt] == '.') {
        point = exponentAt;
      }
    }
    long exponent = exponentAt == end ? 0 : parseExponent(text, exponentAt + 1, end);
    int integerDigits = (point < 0 ? exponentAt : point) - at;
    // How many of the digits stand before the point once the number is in microseconds.
    long wholeDigits = integerDigits + exponent + 6;

    long micros = 0; // unsigned
    int halves = 0; // twice the fraction: 0 is none, 1 below a half, 2 a half, 3 above
    long digitsSeen = 0;
    for (; at < exponentAt; at++) {
      if (at == point) {
        continue;
      }
      int digit = text[at] - '0';
      if (digitsSeen < wholeDigits) {
        if (Long.compareUnsigned(micros, TENTH_OF_END) > 0) {
          return NONE;
        }
        micros = micros * 10 + digit;
      } else if (digitsSeen == wholeDigits) {
        halves = digit < 5 ? (digit == 0 ? 0 : 1) : digit == 5 ? 2 : 3;
      } else if (digit != 0) {
        halves |= 1;
      }
      digitsSeen++;
    }
    for (; digitsSeen < wholeDigits && micros != 0; digitsSeen++) {
      if (Long.compareUnsigned(micros, TENTH_OF_END) > 0) {
        return NONE;
      }
      micros *= 10;
    }
    micros = roundHalfEven(micros, halves);
    long bound = negative ? MAX_MICROS_BEFORE_1970 : UNSIGNED_END - 1;
    if (Long.compareUnsigned(micros, bound) > 0) {
      return NONE;
    }
    return (negative ? -micros : micros) - MICROS_FROM_1970_TO_2000;
  }

  private static long parseExponent(char[] text, int from, int end) {
    int at = from;
    boolean negative = text[at] == '-';
    if (negative || text[at] == '+') {
      at++;
    }
    long exponent = 0;
    for (; at < end; at++) {
      // Past any length of a body it makes no difference.
      exponent = Math.min(exponent * 10 + (text[at] - '0'), Integer.MAX_VALUE * 2L);
    }
    return negative ? -exponent : exponent;
  }

  /** {@code YYYY-MM-DD T hh:mm:ss[.fraction] (Z | ±hh:mm)}, T and Z in either case. */
  static long parseRfc3339(char[] text, int from, int length) {
    if (length < 20) {
      return NONE;
    }
    int year = digits(text, from, 4);
    int month = digits(text, from + 5, 2);
    int day = digits(text, from + 8, 2);
    int hour = digits(text, from + 11, 2);
    int minute = digits(text, from + 14, 2);
    int second = digits(text, from + 17, 2);
    char separator = text[from + 10];
    boolean shaped =
        (year | month | day | hour | minute | second) >= 0
            && text[from + 4] == '-'
            && text[from + 7] == '-'
            && (separator == 'T' || separator == 't' || separator == ' ')
            && text[from + 13] == ':'
            && text[from + 16] == ':';
    if (!shaped
        || month < 1
        || month > 12
        || day < 1
        || day > daysInMonth(year, month)
        || hour > 23
        || minute > 59
        || second > 60) {
      return NONE;
    }
    int at = from + 19;
    int end = from + length;
    int micros = 0;
    int halves = 0;
    if (text[at] == '.') {
      int first = ++at;
      for (; at < end && isDigit(text[at]); at++) {
        int digit = text[at] - '0';
        int place = at - first;
        if (place < 6) {
          micros = micros * 10 + digit;
        } else if (place == 6) {
          halves = digit < 5 ? (digit == 0 ? 0 : 1) : digit == 5 ? 2 : 3;
        } else if (digit != 0) {
          halves |= 1;
        }
      }
      if (at == first) {
        return NONE;
      }
      for (int place = at - first; place < 6; place++) {
        micros *= 10;
      }
    }
    int offset = parseOffset(text, at, end);
    if (offset == Integer.MIN_VALUE) {
      return NONE;
    }
    long seconds =
        daysSince1970(year, month, day) * SECONDS_A_DAY
            + hour * 3600L
            + minute * 60L
            + second
            - offset;
    return seconds * MICROS + roundHalfEven(micros, halves) - MICROS_FROM_1970_TO_2000;
  }

  /** Seconds east of UTC, or {@link Integer#MIN_VALUE}. */
  private static int parseOffset(char[] text, int at, int end) {
    if (end - at == 1 && (text[at] == 'Z' || text[at] == 'z')) {
      return 0;
    }
    if (end - at != 6 || (text[at] != '+' && text[at] != '-') || text[at + 3] != ':') {
      return Integer.MIN_VALUE;
    }
    int hours = digits(text, at + 1, 2);
    int minutes = digits(text, at + 4, 2);
    if ((hours | minutes) < 0 || hours > 23 || minutes > 59) {
      return Integer.MIN_VALUE;
    }
    int seconds = hours * 3600 + minutes * 60;
    return text[at] == '-' ? -seconds : seconds;
  }

  private static long roundHalfEven(long value, int halves) {
    return halves == 3 || (halves == 2 && (value & 1) == 1) ? value + 1 : value;
  }

  /** The number that {@code count} digits give, or -1 if one of them is none. */
  private static int digits(char[] text, int from, int count) {
    int value = 0;
    for (int at = from; at < from + count; at++) {
      if (!isDigit(text[at])) {
        return -1;
      }
      value = value * 10 + text[at] - '0';
    }
    return value;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static int daysInMonth(int year, int month) {
    return switch (month) {
      case 2 -> year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
      case 4, 6, 9, 11 -> 30;
      default -> 31;
    };
  }

  /** Days from 1970-01-01 in the proleptic Gregorian calendar; years count from March. */
  private static long daysSince1970(int year, int month, int day) {
    long y = month <= 2 ? year - 1L : year;
    long era = Math.floorDiv(y, 400L);
    long yearOfEra = y - era * 400;
    long dayOfYear = (153L * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    long dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    return era * 146_097 + dayOfEra - 719_468;
  }
}
