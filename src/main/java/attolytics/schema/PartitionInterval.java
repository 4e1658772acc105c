package attolytics.schema;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How long a partition's stretch of time is; days, weeks and months are those of UTC. */
public enum PartitionInterval {
  DAY(ChronoUnit.DAYS, 1, 7),
  /** From Monday on. */
  WEEK(ChronoUnit.WEEKS, 7, 4),
  MONTH(ChronoUnit.MONTHS, 31, 3);

  private final ChronoUnit unit;
  private final int mostDays;
  private final int ahead;

  PartitionInterval(ChronoUnit unit, int mostDays, int ahead) {
    this.unit = unit;
    this.mostDays = mostDays;
    this.ahead = ahead;
  }

  /** The one of that name in the schema file, or null. */
  public static @Nullable PartitionInterval named(String name) {
    return names().contains(name) ? valueOf(name.toUpperCase(Locale.ROOT)) : null;
  }

  public static List<String> names() {
    return Stream.of(values()).map(PartitionInterval::toString).toList();
  }

  /** The first day of the interval that a day belongs to. */
  LocalDate startOf(LocalDate day) {
    return switch (this) {
      case DAY -> day;
      case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
      case MONTH -> day.withDayOfMonth(1);
    };
  }

  /** The first day of the interval after the one that begins on that day. */
  LocalDate next(LocalDate start) {
    return start.plus(1, unit);
  }

  /** The days that the longest of them has. */
  int mostDays() {
    return mostDays;
  }

  /**
   * How many there are to be after the current one: enough for somebody to see to it if no more can
   * be made.
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
