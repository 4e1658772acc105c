package attolytics.encoding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

public class DateTimesTest {
  private static final Instant EPOCH = Instant.parse("2000-01-01T00:00:00Z");

  /** TIMESTAMPTZ's first microsecond, 4714-11-24 BC, counted from 2000. */
  private static final long FIRST = -211_813_488_000_000_000L;

  /** The last that a number stands for, 9999-12-31T23:59:59.999999. */
  private static final long LAST = 252_455_615_999_999_999L;

  @ParameterizedTest
  @CsvSource({
    "2000-01-01T00:00:00Z, 0",
    "2000-01-01T00:00:01.000002999Z, 1000002",
    "1999-12-31T23:59:59.999999Z, -1"
  })
  void postgresMicros_areCountedFrom2000(Instant instant, long micros) {
    assertEquals(micros, DateTimes.postgresMicros(instant));
  }

  // Numbers

  @ParameterizedTest
  @CsvSource({
    "946684800, 0",
    "946684800.0, 0",
    "946684801, 1000000",
    "0, -946684800000000",
    "-0, -946684800000000",
    "-0.0e5, -946684800000000",
    "-1, -946684801000000",
    "-0.000001, -946684800000001",
    "9466848e2, 0",
    "9466848E+2, 0",
    "94668480000000e-5, 0",
    "0.946684800e9, 0",
    "0.0000000000946684800000001e19, 1",
    "1e9, 53315200000000"
  })
  void parseEpochSeconds_countsFrom1970(String number, long micros) {
    assertNumber(micros, number);
  }

  @ParameterizedTest
  @CsvSource({
    "946684800.0000004, 0",
    "946684800.0000005, 0",
    "946684800.00000050, 0",
    "946684800.00000050000000000000000001, 1",
    "946684800.0000006, 1",
    "946684800.0000014, 1",
    "946684800.0000015, 2",
    "946684800.0000025, 2",
    "946684800.0000024999999999999999999, 2",
    "946684800.9999994, 999999",
    "946684800.9999995, 1000000",
    "946684799.9999995, 0",
    "-0.0000005, -946684800000000",
    "-0.0000015, -946684800000002",
    "-0.00000050000001, -946684800000001",
    "5e-7, -946684800000000",
    "15e-7, -946684799999998",
    "0.5e-6, -946684800000000",
    "50000000000000000000000000000000001e-41, -946684799999999",
    "4e-7, -946684800000000",
    "9e-8, -946684800000000"
  })
  void parseEpochSeconds_roundsHalfToEven(String number, long micros) {
    assertNumber(micros, number);
  }

  @Test
  void parseEpochSeconds_limits() {
    assertNumber(FIRST, "-210866803200");
    assertNumber(FIRST, "-210866803200.0000005");
    assertNumber(FIRST + 1, "-210866803199.999999");
    assertNumber(DateTimes.NONE, "-210866803200.000001");
    assertNumber(DateTimes.NONE, "-210866803200.0000006");
    assertNumber(DateTimes.NONE, "-210866803201");

    assertNumber(LAST, "253402300799.999999");
    assertNumber(LAST, "253402300799.9999994999");
    assertNumber(LAST, "2.534023007999999990e11");
    assertNumber(DateTimes.NONE, "253402300799.9999995");
    assertNumber(DateTimes.NONE, "253402300800");
    assertNumber(DateTimes.NONE, "2.534023008e11");
    assertNumber(DateTimes.NONE, "253402300800.000001");
    assertNumber(DateTimes.NONE, "-253402300799.999999");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1571212800123", // in milliseconds
        "9224318015999.999999", // TIMESTAMPTZ's last
        "18446744073709.551615", // 2^64 - 1 microseconds
        "18446744073709.551616",
        "18446744073710.551616",
        "18447690758509.551616", // 2^64 microseconds further than 2000
        "92243180160000",
        "1e13",
        "1e14",
        "-1e12",
        "1e19",
        "1e20",
        "1e999999999",
        "-1e999999999",
        "1e2147483647",
        "1e2147483648",
        "1e4294967296",
        "1e9223372036854775808",
        "0.001e99999999999999999999999999"
      })
  void parseEpochSeconds_outOfRange(String number) {
    assertNumber(DateTimes.NONE, number);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e-999999999",
        "-1e-999999999",
        "1e-2147483648",
        "1e-99999999999999999999999999",
        "0e999999999",
        "0.000e99999999999999999999999999",
        "0e-99999999999999999999999999"
      })
  void parseEpochSeconds_hugeNegativeExponents_areZero(String number) {
    assertNumber(-946_684_800_000_000L, number);
  }

  @Test
  void parseEpochSeconds_hugeDigitStrings() {
    String zeros = "0".repeat(100_000);

    assertNumber(DateTimes.NONE, "9".repeat(100_000));
    assertNumber(DateTimes.NONE, "1" + zeros);
    assertNumber(0, "946684800." + zeros);
    assertNumber(0, "946684800.0000005" + zeros);
    assertNumber(1, "946684800.0000005" + zeros + "1");
    assertNumber(0, "946684800" + zeros + "e-100000");
    assertNumber(0, "0." + zeros + "946684800e100009");
    assertNumber(1_000_000, "946684800." + "9".repeat(100_000));
  }

  @Property(tries = 20_000)
  void parseEpochSeconds_agreesWithBigDecimal(@ForAll("numbers") String number) {
    assertNumber(expected(number), number);
  }

  @Provide
  Arbitrary<String> numbers() {
    Arbitrary<String> mantissas =
        Arbitraries.oneOf(
            Arbitraries.longs().map(String::valueOf),
            Arbitraries.bigDecimals().ofScale(9).map(BigDecimal::toPlainString),
            aroundTheRange(),
            halves());
    Arbitrary<String> exponents =
        Arbitraries.oneOf(
            Arbitraries.just(""),
            Arbitraries.integers().between(-30, 30).map(e -> "e" + e),
            Arbitraries.integers().between(0, 400).map(e -> "E+" + e));
    return Combinators.combine(mantissas, exponents).as((mantissa, e) -> mantissa + e);
  }

  /** Up to ten microseconds off the ends. */
  private static Arbitrary<String> aroundTheRange() {
    return Combinators.combine(
            Arbitraries.of("-210866803200", "253402300800"),
            Arbitraries.integers().between(-100, 100))
        .as((end, i) -> new BigDecimal(end).add(BigDecimal.valueOf(i, 7)).toPlainString());
  }

  private static Arbitrary<String> halves() {
    return Combinators.combine(
            Arbitraries.longs().between(-10_000_000_000_000L, 10_000_000_000_000L),
            Arbitraries.of("5", "50", "500000001", "4999999"))
        .as((micros, rest) -> BigDecimal.valueOf(micros, 6).toPlainString() + rest);
  }

  private static long expected(String number) {
    BigDecimal micros =
        new BigDecimal(number).movePointRight(6).setScale(0, RoundingMode.HALF_EVEN);
    micros = micros.subtract(BigDecimal.valueOf(EPOCH.getEpochSecond()).movePointRight(6));
    boolean inRange =
        micros.compareTo(BigDecimal.valueOf(FIRST)) >= 0
            && micros.compareTo(BigDecimal.valueOf(LAST)) <= 0;
    return inRange ? micros.longValueExact() : DateTimes.NONE;
  }

  private static void assertNumber(long micros, String number) {
    // Somewhere in a larger array, as in a body.
    byte[] text = ("9" + number + "9").getBytes(StandardCharsets.UTF_8);
    assertEquals(
        micros,
        DateTimes.parseEpochSeconds(text, 1, number.length()),
        () -> number.substring(0, Math.min(100, number.length())));
  }

  // Date-time strings

  @ParameterizedTest
  @CsvSource({
    "2000-01-01T00:00:00Z, 0",
    "2000-01-01t00:00:00z, 0",
    "2000-01-01 00:00:00Z, 0",
    "2000-01-01T00:00:00+00:00, 0",
    "2000-01-01T00:00:00-00:00, 0",
    "2000-01-01T01:30:00+01:30, 0",
    "1999-12-31T22:30:00-01:30, 0",
    "2000-01-01T23:59:00+23:59, 0",
    "1999-12-31T00:01:00-23:59, 0",
    "2000-01-01T00:00:00.1Z, 100000",
    "2000-01-01T00:00:00.000001Z, 1",
    "2000-01-01T00:00:00.0000010+00:00, 1",
    "1999-12-31T23:59:59.999999Z, -1",
    "1970-01-01T00:00:00Z, -946684800000000",
    "0001-01-01T00:00:00Z, -63082281600000000",
    "0000-12-31T23:59:59Z, -63082281601000000",
    "0000-02-29T00:00:00Z, -63108806400000000"
  })
  void parseRfc3339_forms(String text, long micros) {
    assertText(micros, text);
  }

  @ParameterizedTest
  @CsvSource({
    "2000-01-01T00:00:00.0000005Z, 0",
    "2000-01-01T00:00:00.00000050001Z, 1",
    "2000-01-01T00:00:00.0000015Z, 2",
    "2000-01-01T00:00:00.0000025Z, 2",
    "2000-01-01T00:00:00.0000024999999999Z, 2",
    "2000-01-01T00:00:00.9999995Z, 1000000",
    "1999-12-31T23:59:59.9999995Z, 0",
    "1999-12-31T23:59:59.9999985Z, -2",
    "1999-12-31T23:59:59.9999994Z, -1"
  })
  void parseRfc3339_roundsLikeNumbers(String text, long micros) {
    assertText(micros, text);
  }

  @ParameterizedTest
  @CsvSource({
    "2016-12-31T23:59:60Z, 2017-01-01T00:00:00Z",
    "2016-12-31T23:59:60.5Z, 2017-01-01T00:00:00.5Z",
    "2017-01-01T00:59:60+01:00, 2017-01-01T00:00:00Z",
    "2020-06-15T12:34:60Z, 2020-06-15T12:35:00Z",
    "2019-12-31T23:59:60.9999995Z, 2020-01-01T00:00:01Z",
    "2020-02-28T23:59:60Z, 2020-02-29T00:00:00Z",
    "2021-02-28T23:59:60Z, 2021-03-01T00:00:00Z",
    "0000-12-31T23:59:60-23:59, 0001-01-01T23:59:00Z",
    "9999-12-31T23:59:60-23:59, +10000-01-01T23:59:00Z"
  })
  void parseRfc3339_leapSecond_isTheNextMinute(String text, String same) {
    assertText(micros(Instant.parse(same)), text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2000-02-29T00:00:00Z",
        "2004-02-29T00:00:00Z",
        "2400-02-29T23:59:59Z",
        "1999-02-28T00:00:00Z",
        "2019-04-30T00:00:00Z",
        "2019-12-31T00:00:00Z",
        "9999-12-31T23:59:59.999999Z"
      })
  void parseRfc3339_validDays(String text) {
    assertText(micros(Instant.parse(text)), text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1900-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2019-02-29T00:00:00Z",
        "2000-02-30T00:00:00Z",
        "2019-04-31T00:00:00Z",
        "2019-06-31T00:00:00Z",
        "2019-09-31T00:00:00Z",
        "2019-11-31T00:00:00Z",
        "2019-01-32T00:00:00Z",
        "2019-01-00T00:00:00Z",
        "2019-00-01T00:00:00Z",
        "2019-13-01T00:00:00Z",
        "2019-01-01T24:00:00Z",
        "2019-01-01T00:60:00Z",
        "2019-01-01T00:00:61Z",
        "2019-01-01T00:00:00+24:00",
        "2019-01-01T00:00:00+00:60"
      })
  void parseRfc3339_invalidDaysAndTimes(String text) {
    assertText(DateTimes.NONE, text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Z",
        "2019-01-01",
        "2019-01-01T00:00:00",
        "2019-01-01T00:00:00.5",
        "2019-01-01T00:00:00.000000000",
        "2019-01-01T00:00Z",
        "2019-01-01T00:00:00.Z",
        "2019-01-01T00:00:00,5Z",
        "2019-01-01T00:00:00 Z",
        "2019-01-01T00:00:00ZZ",
        "2019-01-01T00:00:00Z ",
        " 2019-01-01T00:00:00Z",
        "2019-01-01_00:00:00Z",
        "2019-01-01T00:00:00+0000",
        "2019-01-01T00:00:00+00",
        "2019-01-01T00:00:00+00:0",
        "2019-01-01T00:00:00+00:000",
        "2019-01-01T00:00:00+00.00",
        "2019-01-01T00:00:00+-1:00",
        "2019-01-01T00:00:00\u221201:00",
        "2019/01/01T00:00:00Z",
        "2019-01-01T00.00.00Z",
        "2019-1-01T00:00:00.0Z",
        "20190101T000000.0000Z",
        "02019-01-01T00:00:00Z",
        "-2019-01-01T00:00:00Z",
        "+2019-01-01T00:00:00Z",
        "-019-01-01T00:00:00Z",
        "2019-01-01T00:00:0xZ",
        "2019-01-01T-1:00:00Z",
        "\u0662\u0660\u0661\u0669-01-01T00:00:00Z",
        "2019-01-01T00:00:00.\u0661Z",
        "now",
        "infinity",
        "-infinity"
      })
  void parseRfc3339_otherFormats(String text) {
    assertText(DateTimes.NONE, text);
  }

  @Test
  void parseRfc3339_longFraction() {
    assertText(1, "2000-01-01T00:00:00.0000005" + "0".repeat(100_000) + "1Z");
    assertText(0, "2000-01-01T00:00:00.0000005" + "0".repeat(100_000) + "Z");
    assertText(DateTimes.NONE, "2000-01-01T00:00:00." + "0".repeat(100_000));
  }

  @Test
  void parseRfc3339_readsNoFurtherThanTheText() {
    byte[] text = "2000-01-01T00:00:00.5".getBytes(StandardCharsets.UTF_8);
    assertEquals(DateTimes.NONE, DateTimes.parseRfc3339(text, 0, text.length));
  }

  @Test
  void parseRfc3339_everyDayOfAThousandYears() {
    LocalDateTime day = LocalDateTime.of(0, 1, 1, 12, 34, 56);
    for (; day.getYear() < 1_000; day = day.plusDays(1)) {
      assertText(micros(day.toInstant(ZoneOffset.UTC)), day + "Z");
    }
  }

  @Property(tries = 20_000)
  void parseRfc3339_agreesWithJavaTime(@ForAll("dateTimes") OffsetDateTime time) {
    assertText(micros(time.toInstant()), "%s%s".formatted(time.toLocalDateTime(), offset(time)));
  }

  @Provide
  Arbitrary<OffsetDateTime> dateTimes() {
    // One second off the minute, since java.time leaves out seconds that are zero.
    return Combinators.combine(
            Arbitraries.longs().between(-62_167_000_000L, 253_402_000_000L),
            Arbitraries.integers().between(0, 999_999_999),
            Arbitraries.integers().between(-1079, 1079))
        .as(
            (seconds, nanos, minutes) ->
                Instant.ofEpochSecond(seconds - Math.floorMod(seconds, 60) + 1, nanos)
                    .atOffset(ZoneOffset.ofTotalSeconds(60 * minutes)));
  }

  private static String offset(OffsetDateTime time) {
    int minutes = time.getOffset().getTotalSeconds() / 60;
    return "%s%02d:%02d"
        .formatted(minutes < 0 ? "-" : "+", Math.abs(minutes) / 60, Math.abs(minutes) % 60);
  }

  /** Since 2000, rounded half to even. */
  private static long micros(Instant time) {
    return BigDecimal.valueOf(time.getEpochSecond() - EPOCH.getEpochSecond())
        .add(BigDecimal.valueOf(time.getNano(), 9))
        .movePointRight(6)
        .setScale(0, RoundingMode.HALF_EVEN)
        .longValueExact();
  }

  // Dates

  @ParameterizedTest
  @CsvSource({
    "2000-01-01, 0",
    "1999-12-31, -1",
    "1970-01-01, -10957",
    "2000-02-29, 59",
    "2000-03-01, 60",
    "0000-01-01, -730485",
    "0000-02-29, -730426",
    "9999-12-31, 2921939"
  })
  void parseDate_countsFrom2000(String text, int day) {
    assertDate(day, text);
  }

  @Test
  void parseDate_everyDay() {
    LocalDate day = LocalDate.of(0, 1, 1);
    for (; day.getYear() < 10_000; day = day.plusDays(1)) {
      assertDate((int) (day.toEpochDay() - LocalDate.of(2000, 1, 1).toEpochDay()), day.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "2019",
        "2019-01",
        "2019-1-1",
        "20190101",
        "2019-01-1",
        "2019-01-01 ",
        " 2019-01-01",
        "2019-01-01T",
        "2019-01-01T00:00:00Z",
        "2019/01/01",
        "01-01-2019",
        "02019-01-01",
        "-2019-01-01",
        "-201-01-01",
        "10000-01-01",
        "2019-00-01",
        "2019-13-01",
        "2019-01-00",
        "2019-01-32",
        "2019-02-29",
        "1900-02-29",
        "2020-02-30",
        "2019-04-31",
        "2019-0a-01",
        "\u0662\u0660\u0661\u0669-01-01",
        "today",
        "infinity"
      })
  void parseDate_invalid(String text) {
    assertDate(DateTimes.NO_DAY, text);
  }

  private static void assertDate(int day, String text) {
    byte[] padded = ("1" + text + "1").getBytes(StandardCharsets.UTF_8);
    assertEquals(day, DateTimes.parseDate(padded, 1, padded.length - 2), text);
  }

  private static void assertText(long micros, String text) {
    byte[] padded = ("1" + text + "Z").getBytes(StandardCharsets.UTF_8);
    assertEquals(micros, DateTimes.parseRfc3339(padded, 1, padded.length - 2), text);
  }
}
