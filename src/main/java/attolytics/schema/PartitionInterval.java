package attolytics.schema;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The time range of a partition: a day, week or month, in UTC. */
public enum PartitionInterval {
  DAY(ChronoUnit.DAYS, 1, 7),
  /** Starts on Monday. */
  WEEK(ChronoUnit.WEEKS, 7, 4),
  MONTH(ChronoUnit.MONTHS, 31, 3);

  private final ChronoUnit unit;
  private final int maxDays;
  private final int ahead;

  PartitionInterval(ChronoUnit unit, int maxDays, int ahead) {
    this.unit = unit;
    this.maxDays = maxDays;
    this.ahead = ahead;
  }

  /** The interval of that name in the schema file, or null. */
  public static @Nullable PartitionInterval named(String name) {
    return names().contains(name) ? valueOf(name.toUpperCase(Locale.ROOT)) : null;
  }

  public static List<String> names() {
    return Stream.of(values()).map(PartitionInterval::toString).toList();
  }

  /** The first day of the interval that contains a day. */
  LocalDate startOf(LocalDate day) {
    return switch (this) {
      case DAY -> day;
      case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
      case MONTH -> day.withDayOfMonth(1);
    };
  }

  /** The first day of the interval after the one that starts on that day. */
  LocalDate next(LocalDate start) {
    return start.plus(1, unit);
  }

  /** The number of days in the longest interval. */
  int maxDays() {
    return maxDays;
  }

  /**
   * How many intervals after the current one have a partition: enough for an operator to react if
   * partitions cannot be created.
   */
  int ahead() {
    return ahead;
  }

  /** As in the schema file. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
