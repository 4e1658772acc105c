package attolytics.schema;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a table is divided by time.
 *
 * @param column a required timestamp or date, by which it is
 * @param interval a partition's stretch of time
 * @param retention how long rows are kept, or null: for ever
 */
public record Partitioning(
    Column column, PartitionInterval interval, @Nullable Retention retention) {
  /** How far in the future an event may be: that much the clocks of clients are wrong at most. */
  public static final Duration MOST_AHEAD = Duration.ofDays(1);

  /**
   * How much longer a partition is kept than its rows: for those that were accepted just in time,
   * or by an instance whose clock is slow.
   */
  static final Duration MARGIN = Duration.ofHours(1);

  private static final long SECONDS_TO_2000 = 946_684_800;

  private static final long SECONDS_A_DAY = 86_400;

  /** The time of the oldest event that is taken, or null: any is. */
  public @Nullable Instant oldest(Instant now) {
    return retention == null ? null : retention.before(now);
  }

  /**
   * An instant as COPY has it in the column: the microseconds since 2000, or of a date the days.
   */
  public long encode(Instant instant) {
    long seconds = instant.getEpochSecond() - SECONDS_TO_2000;
    return column.type() == ColumnType.DATE
        ? Math.floorDiv(seconds, SECONDS_A_DAY)
        : seconds * 1_000_000 + instant.getNano() / 1_000;
  }

  /**
   * From where on there have to be partitions. It begins with a day, so that what is missing there
   * and what may be dropped before it are divided alike.
   */
  public Instant keptFrom(Instant now) {
    return retention == null ? Instant.MIN : start(day(retention.before(now.minus(MARGIN))));
  }

  /**
   * The stretches of time that lack a partition. The past is not divided any more, so that a table
   * is created quickly; the future is, for some intervals ahead.
   *
   * @param existing those of the partitions that there are
   */
  public List<TimeRange> missing(Instant now, Collection<TimeRange> existing) {
    LocalDate first = interval.startOf(day(now));
    List<TimeRange> missing =
        new ArrayList<>(new TimeRange(keptFrom(now), start(first)).without(existing));
    for (int i = 0; i <= interval.ahead(); i++) {
      LocalDate next = interval.next(first);
      missing.addAll(new TimeRange(start(first), start(next)).without(existing));
      first = next;
    }
    return missing;
  }

  private static LocalDate day(Instant instant) {
    return LocalDate.ofInstant(instant, ZoneOffset.UTC);
  }

  private static Instant start(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}
