package attolytics.encoding;

import java.time.Instant;

/**
 * Parses timestamps and dates into PostgreSQL's representation: microseconds since
 * 2000-01-01T00:00:00Z, and days since 2000-01-01. Works on ASCII bytes and allocates nothing;
 * microseconds are rounded half to even.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc3339#section-5.6">RFC 3339, 5.6</a>
 */
public final class DateTimes {
  /** Returned for an invalid timestamp, or one out of range. */
  public static final long NONE = Long.MIN_VALUE;

  /** Returned for an invalid date. */
  public static final int NO_DAY = Integer.MIN_VALUE;

  private static final long MICROS = 1_000_000;

  /** 4714-11-24 BC, the minimum of TIMESTAMPTZ, in microseconds before 1970. */
  private static final long MAX_MICROS_BEFORE_1970 = 210_866_803_200L * MICROS;

  /**
   * The first microsecond after 9999-12-31, since 1970. TIMESTAMPTZ has a larger range, but a
   * larger number is most likely in a smaller unit: 1571212800123 seconds are in the year 51759.
   */
  private static final long END = 253_402_300_800L * MICROS;

  private static final long TENTH_OF_END = END / 10;
  private static final long MICROS_FROM_1970_TO_2000 = 946_684_800L * MICROS;
  private static final long[] POWERS_OF_TEN = {1, 10, 100, 1_000, 10_000, 100_000, 1_000_000};

  /** The length up to which a number of seconds always fits 64 bits in microseconds. */
  private static final int MAX_PLAIN_LENGTH = 19;

  /** The number of digits that always fit 64 bits. */
  private static final int MAX_PLAIN_DIGITS = 18;

  private static final int SECONDS_A_DAY = 86_400;

  private DateTimes() {}

  /** The value of a TIMESTAMPTZ: microseconds since 2000. */
  public static long postgresMicros(Instant instant) {
    return instant.getEpochSecond() * MICROS + instant.getNano() / 1000 - MICROS_FROM_1970_TO_2000;
  }

  /** Parses a JSON number of seconds since 1970. */
  public static long parseEpochSeconds(byte[] text, int from, int length) {
    return parseEpoch(text, from, length, 6);
  }

  /**
   * Parses a JSON number that counts from 1970.
   *
   * @param scale the unit's power of ten in microseconds: 6 for seconds, 3 for milliseconds, 0
   */
  public static long parseEpoch(byte[] text, int from, int length, int scale) {
    int end = from + length;
    boolean negative = text[from] == '-';
    int at = negative ? from + 1 : from;
    long micros = plainMicros(text, at, end, scale);
    if (micros < 0) {
      micros = roundedMicros(text, at, end, scale);
    }
    long bound = negative ? MAX_MICROS_BEFORE_1970 : END - 1;
    if (micros > bound) {
      return NONE;
    }
    return (negative ? -micros : micros) - MICROS_FROM_1970_TO_2000;
  }

  /** The fast path: a short number without an exponent. Negative for any other number. */
  private static long plainMicros(byte[] text, int from, int end, int scale) {
    if (end - from > MAX_PLAIN_LENGTH) {
      return -1;
    }
    long number = 0;
    int fraction = 0; // digits
    for (int at = from; at < end; at++) {
      if (text[at] == '.') {
        fraction = end - at - 1;
      } else if (isDigit(text[at])) {
        number = number * 10 + text[at] - '0';
      } else {
        return -1;
      }
    }
    return fraction <= scale && end - from - fraction <= MAX_PLAIN_DIGITS - scale
        ? number * POWERS_OF_TEN[scale - fraction]
        : -1;
  }

  /** The number in microseconds, or {@link #END} if it is at least that. */
  private static long roundedMicros(byte[] text, int from, int end, int scale) {
    int at = from;
    int exponentAt = at;
    int point = -1;
    for (; exponentAt < end && text[exponentAt] != 'e' && text[exponentAt] != 'E'; exponentAt++) {
      if (text[exponentAt] == '.') {
        point = exponentAt;
      }
    }
    long exponent = exponentAt == end ? 0 : Numbers.exponent(text, exponentAt + 1, end);
    int integerDigits = (point < 0 ? exponentAt : point) - at;
    // The number of digits before the decimal point once the number is in microseconds.
    long wholeDigits = integerDigits + exponent + scale;

    long micros = 0;
    int halves = 0; // of the fraction: 0 and 1 are below a half, 2 is a half, 3 above
    long digitsSeen = 0;
    for (; at < exponentAt; at++) {
      if (at == point) {
        continue;
      }
      int digit = text[at] - '0';
      if (digitsSeen < wholeDigits) {
        if (micros > TENTH_OF_END) {
          return END;
        }
        micros = micros * 10 + digit;
      } else if (digitsSeen == wholeDigits) {
        halves = digit < 5 ? 0 : digit == 5 ? 2 : 3;
      } else if (digit != 0) {
        halves |= 1;
      }
      digitsSeen++;
    }
    for (; digitsSeen < wholeDigits && micros != 0; digitsSeen++) {
      if (micros > TENTH_OF_END) {
        return END;
      }
      micros *= 10;
    }
    return roundHalfEven(micros, halves);
  }

  /** Parses {@code YYYY-MM-DD T hh:mm:ss[.fraction] (Z | ±hh:mm)}; T and Z in either case. */
  public static long parseRfc3339(byte[] text, int from, int length) {
    if (length < 20) {
      return NONE;
    }
    int day = parseDate(text, from);
    int hour = digits(text, from + 11, 2);
    int minute = digits(text, from + 14, 2);
    int second = digits(text, from + 17, 2);
    byte separator = text[from + 10];
    boolean wellFormed =
        (hour | minute | second) >= 0
            && (separator == 'T' || separator == 't' || separator == ' ')
            && text[from + 13] == ':'
            && text[from + 16] == ':';
    if (day == NO_DAY || !wellFormed || hour > 23 || minute > 59 || second > 60) {
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
          halves = digit < 5 ? 0 : digit == 5 ? 2 : 3;
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
    long seconds = (long) day * SECONDS_A_DAY + hour * 3600L + minute * 60L + second - offset;
    return seconds * MICROS + roundHalfEven(micros, halves);
  }

  /** Parses {@code YYYY-MM-DD}. */
  public static int parseDate(byte[] text, int from, int length) {
    return length == 10 ? parseDate(text, from) : NO_DAY;
  }

  /** Parses the ten bytes at an offset. */
  private static int parseDate(byte[] text, int from) {
    int year = digits(text, from, 4);
    int month = digits(text, from + 5, 2);
    int day = digits(text, from + 8, 2);
    boolean wellFormed =
        (year | month | day) >= 0 && text[from + 4] == '-' && text[from + 7] == '-';
    return wellFormed && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
        ? daysSince2000(year, month, day)
        : NO_DAY;
  }

  /** Seconds east of UTC, or {@link Integer#MIN_VALUE}. */
  private static int parseOffset(byte[] text, int at, int end) {
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

  /** The value of {@code count} digits, or -1 if one of the bytes is not a digit. */
  private static int digits(byte[] text, int from, int count) {
    int value = 0;
    for (int at = from; at < from + count; at++) {
      if (!isDigit(text[at])) {
        return -1;
      }
      value = value * 10 + text[at] - '0';
    }
    return value;
  }

  private static boolean isDigit(byte c) {
    return c >= '0' && c <= '9';
  }

  private static int daysInMonth(int year, int month) {
    return switch (month) {
      case 2 -> year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
      case 4, 6, 9, 11 -> 30;
      default -> 31;
    };
  }

  /** Proleptic Gregorian calendar, with years counted from March. */
  private static int daysSince2000(int year, int month, int day) {
    int y = month <= 2 ? year - 1 : year;
    int era = Math.floorDiv(y, 400);
    int yearOfEra = y - era * 400;
    int dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    return era * 146_097 + dayOfEra - 730_425;
  }
}
