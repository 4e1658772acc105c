package attolytics.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PartitioningTest {
  private static Partitioning by(ColumnType type, String interval, @Nullable String retention) {
    return new Partitioning(
        new Column("time", type, null, Index.NONE, true, 0),
        parsed(PartitionInterval.named(interval)),
        retention == null || retention.isEmpty() ? null : parsed(Retention.parse(retention)));
  }

  private static Partitioning by(String interval, @Nullable String retention) {
    return by(ScalarType.TIMESTAMP, interval, retention);
  }

  private static <T> T parsed(@Nullable T value) {
    if (value == null) {
      throw new IllegalArgumentException("not known");
    }
    return value;
  }

  /** As {@code 2026-11-25 2026-11-26}, without times that are midnight. */
  private static List<String> shown(List<TimeRange> ranges) {
    return ranges.stream().map(range -> shown(range.from()) + " " + shown(range.to())).toList();
  }

  private static String shown(Instant instant) {
    return instant.equals(Instant.MIN) ? "…" : instant.toString().replace("T00:00:00Z", "");
  }

  private static String bounds(List<TimeRange> ranges) {
    String starts =
        ranges.stream().map(range -> shown(range.from())).collect(Collectors.joining(" "));
    return starts + " " + shown(ranges.get(ranges.size() - 1).to());
  }

  // Required partitions

  @Test
  void newTable_hasOnePartitionForThePast_andSeveralForTheFuture() {
    assertEquals(
        List.of(
            "… 2026-11-25",
            "2026-11-25 2026-11-26",
            "2026-11-26 2026-11-27",
            "2026-11-27 2026-11-28",
            "2026-11-28 2026-11-29",
            "2026-11-29 2026-11-30",
            "2026-11-30 2026-12-01",
            "2026-12-01 2026-12-02",
            "2026-12-02 2026-12-03"),
        shown(by("day", null).missing(Instant.parse("2026-11-25T23:59:59.999Z"), List.of())));
  }

  @ParameterizedTest
  @CsvSource({
    // The 25th is a Wednesday; weeks begin with Monday.
    "week, , 2026-11-25T04:00:00Z, … 2026-11-23 2026-11-30 2026-12-07 2026-12-14 2026-12-21"
        + " 2026-12-28",
    "week, , 2026-11-23T00:00:00Z, … 2026-11-23 2026-11-30 2026-12-07 2026-12-14 2026-12-21"
        + " 2026-12-28",
    "week, , 2026-11-22T23:59:59Z, … 2026-11-16 2026-11-23 2026-11-30 2026-12-07 2026-12-14"
        + " 2026-12-21",
    "week, 2 weeks, 2027-01-01T00:00:00Z, 2026-12-17 2026-12-28 2027-01-04 2027-01-11 2027-01-18"
        + " 2027-01-25 2027-02-01",
    "month, , 2026-11-30T12:00:00Z, … 2026-11-01 2026-12-01 2027-01-01 2027-02-01 2027-03-01",
    "month, 1 month, 2024-03-31T12:00:00Z, 2024-02-29 2024-03-01 2024-04-01 2024-05-01 2024-06-01"
        + " 2024-07-01",
    "month, 1 month, 2023-03-31T12:00:00Z, 2023-02-28 2023-03-01 2023-04-01 2023-05-01 2023-06-01"
        + " 2023-07-01",
    "day, 1 day, 2024-02-29T12:00:00Z, 2024-02-28 2024-02-29 2024-03-01 2024-03-02 2024-03-03"
        + " 2024-03-04 2024-03-05 2024-03-06 2024-03-07 2024-03-08",
    // Within the margin after midnight the day before the last is still kept.
    "day, 1 day, 2026-11-25T00:59:00Z, 2026-11-23 2026-11-25 2026-11-26 2026-11-27 2026-11-28"
        + " 2026-11-29 2026-11-30 2026-12-01 2026-12-02 2026-12-03",
    "month, , 0001-01-01T00:00:00Z, … 0001-01-01 0001-02-01 0001-03-01 0001-04-01 0001-05-01",
    "month, , 9999-12-31T23:59:59Z, … 9999-12-01 +10000-01-01 +10000-02-01 +10000-03-01"
        + " +10000-04-01"
  })
  void newTable_isPartitionedFromItsRetention(
      String interval, @Nullable String retention, Instant now, String bounds) {
    assertEquals(bounds, bounds(by(interval, retention).missing(now, List.of())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"day", "week", "month"})
  void completeTable_needsNoPartition_untilTheNextInterval(String interval) {
    Partitioning partitioning = by(interval, "60 days");
    Instant now = Instant.parse("2026-11-30T23:59:59Z"); // a Monday, and the end of a month
    List<TimeRange> ranges = new ArrayList<>(partitioning.missing(now, List.of()));

    assertEquals(List.of(), partitioning.missing(now, ranges));
    Instant later = Instant.parse("2026-12-07T00:00:00Z");
    int more = interval.equals("day") ? 7 : 1; // of a month: December has begun
    assertEquals(more, partitioning.missing(later, ranges).size());
  }

  @Test
  void gaps_areFilled_withOnePartitionEachInThePast() {
    Instant now = Instant.parse("2026-11-25T04:00:00Z");
    List<TimeRange> existing =
        List.of(
            range("2026-11-01T00:00:00Z", "2026-11-05T00:00:00Z"),
            range("2026-11-10T00:00:00Z", "2026-11-25T12:00:00Z"),
            range("2026-11-26T00:00:00Z", "2027-11-26T00:00:00Z"));

    assertEquals(
        List.of("… 2026-11-01", "2026-11-05 2026-11-10", "2026-11-25T12:00:00Z 2026-11-26"),
        shown(by("day", null).missing(now, existing)));
    assertEquals(
        List.of("2026-11-05 2026-11-10", "2026-11-25T12:00:00Z 2026-11-26"),
        shown(by("day", "22 days").missing(now, existing)));
  }

  /** As after a new interval in the schema file. */
  @Test
  void newInterval_startsWherePartitionsEnd() {
    Instant now = Instant.parse("2026-11-25T04:00:00Z");
    List<TimeRange> days = by("day", null).missing(now, List.of());

    assertEquals(
        List.of("2026-12-03 2027-01-01", "2027-01-01 2027-02-01", "2027-02-01 2027-03-01"),
        shown(by("month", null).missing(now, days)));
  }

  @Test
  void unboundedPartitions_coverTheirRange() {
    Instant now = Instant.parse("2026-11-25T04:00:00Z");
    List<TimeRange> all = List.of(new TimeRange(Instant.MIN, Instant.MAX));

    assertEquals(List.of(), by("day", null).missing(now, all));
    assertEquals(Instant.MAX, TimeRange.coveredUntil(now, all));
  }

  @Test
  void coveredUntil_endsBeforeTheFirstGap() {
    Instant now = Instant.parse("2026-11-25T04:00:00Z");
    List<TimeRange> ranges =
        List.of(
            range("2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z"),
            range("2026-11-20T00:00:00Z", "2026-11-26T00:00:00Z"),
            range("2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"));

    assertEquals(Instant.parse("2026-11-27T00:00:00Z"), TimeRange.coveredUntil(now, ranges));
    assertEquals(now, TimeRange.coveredUntil(now, ranges.subList(2, 3)));
  }

  private static TimeRange range(String from, String to) {
    return new TimeRange(Instant.parse(from), Instant.parse(to));
  }

  // Accepted and kept times

  @ParameterizedTest
  @CsvSource({
    "90 days, 2026-11-25T04:41:16Z, 2026-08-27T04:41:16Z",
    "2 weeks, 2026-11-25T04:41:16Z, 2026-11-11T04:41:16Z",
    "1 month, 2026-03-31T10:00:00Z, 2026-02-28T10:00:00Z",
    "12 months, 2024-02-29T10:00:00Z, 2023-02-28T10:00:00Z"
  })
  void oldest_isTheRetentionBeforeNow(String retention, Instant now, Instant oldest) {
    assertEquals(oldest, by("day", retention).oldest(now));
  }

  @Test
  void oldest_withoutRetention_isNull() {
    assertNull(by("day", null).oldest(Instant.now()));
  }

  @ParameterizedTest
  @CsvSource({
    "2000-01-01T00:00:00Z, 0, 0",
    "2000-01-01T23:59:59.999999Z, 86399999999, 0",
    "1999-12-31T23:59:59.999999Z, -1, -1",
    "2026-11-25T04:00:00Z, 848894400000000, 9825",
    "0001-01-01T00:00:00Z, -63082281600000000, -730119",
    "9999-12-31T23:59:59Z, 252455615999000000, 2921939"
  })
  void encode_usesTheColumnsEncoding(Instant instant, long micros, long days) {
    assertEquals(micros, by("day", null).encode(instant));
    assertEquals(days, by(ScalarType.DATE, "day", null).encode(instant));
  }

  /**
   * Years go by in odd steps, and the partitions are kept at each: every event that is taken has
   * one, and none that is due to be dropped could hold an event that was taken within the margin.
   */
  @ParameterizedTest
  @CsvSource({
    "day, 1 day",
    "day, 90 days",
    "day, 1 month",
    "week, 7 days",
    "week, 5 weeks",
    "week, 1 month",
    "month, 31 days",
    "month, 1 month",
    "month, 13 months",
    "month, 9999 months",
    "week, "
  })
  void acceptedEvents_alwaysHaveAPartition(String interval, @Nullable String retention) {
    Partitioning partitioning = by(interval, retention);
    Random random = new Random(7);
    List<TimeRange> ranges = new ArrayList<>();
    Instant now = Instant.parse("2023-01-31T22:00:00Z");
    for (int i = 0; i < 1_500; i++) {
      now = now.plusSeconds(random.nextInt(3 * 86_400));
      ranges.addAll(partitioning.missing(now, ranges));
      Instant kept = partitioning.keptFrom(now);
      ranges.removeIf(range -> !range.to().isAfter(kept));
      for (Duration ago : List.of(Duration.ZERO, Partitioning.MARGIN)) {
        Instant oldest = partitioning.oldest(now.minus(ago));
        Instant from = oldest == null ? Instant.EPOCH : oldest;
        Instant end = TimeRange.coveredUntil(from, ranges);
        assertTrue(
            end.isAfter(now.plus(Partitioning.MAX_AHEAD)), from + " to " + end + " at " + now);
      }
      assertEquals(List.of(), partitioning.missing(now, ranges), "made again after it was dropped");
    }
    assertTrue(
        ranges.size() < 110 || retention == null || retention.length() > 9, ranges::toString);
  }

  // Retention

  @ParameterizedTest
  @CsvSource({
    "90 days, 90, DAYS",
    "1 day, 1, DAYS",
    "1 days, 1, DAYS",
    "12 weeks, 12, WEEKS",
    "6 months, 6, MONTHS",
    "9999 months, 9999, MONTHS"
  })
  void parse_daysWeeksOrMonths(String text, int amount, ChronoUnit unit) {
    assertEquals(new Retention(amount, unit), Retention.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "90",
        "days",
        "0 days",
        "-1 days",
        "1.5 days",
        "10000 days",
        "90  days",
        "90 Days",
        "90d",
        "1 year",
        "90 days ",
        "09 days"
      })
  void parse_otherText_isNull(String text) {
    assertNull(Retention.parse(text));
  }

  @Test
  void toString_isTheTextParsed() {
    assertEquals("1 day", new Retention(1, ChronoUnit.DAYS).toString());
    assertEquals("90 days", new Retention(90, ChronoUnit.DAYS).toString());
    assertEquals("2 months", new Retention(2, ChronoUnit.MONTHS).toString());
  }
}
