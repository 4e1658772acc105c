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
 * How a table is partitioned by time.
 *
 * @param column the partitioning column, a required timestamp or date
 * @param interval the time range of each partition
 * @param retention how long rows are kept, or null if they are never dropped
 */
public record Partitioning(
    Column column, PartitionInterval interval, @Nullable Retention retention) {
  /** How far in the future an event may be, to allow for wrong clocks of clients. */
  public static final Duration MAX_AHEAD = Duration.ofDays(1);

  /**
   * How much longer a partition is kept than its rows: for rows that are still in a buffer, and for
   * instances whose clock is slow.
   */
  static final Duration MARGIN = Duration.ofHours(1);

  private static final long SECONDS_TO_2000 = 946_684_800;

  private static final long SECONDS_A_DAY = 86_400;

  /** The minimum time of an event, or null if there is none. */
  public @Nullable Instant oldest(Instant now) {
    return retention == null ? null : retention.before(now);
  }

  /** An instant in the encoding of the column: microseconds since 2000, or days for a date. */
  public long encode(Instant instant) {
    long seconds = instant.getEpochSecond() - SECONDS_TO_2000;
    return column.type().is(ScalarType.DATE)
        ? Math.floorDiv(seconds, SECONDS_A_DAY)
        : seconds * 1_000_000 + instant.getNano() / 1_000;
  }

  /**
   * The time from which partitions must exist. It is the start of a day, so that partitions to
   * create and partitions to drop have the same bounds.
   */
  public Instant keptFrom(Instant now) {
    return retention == null ? Instant.MIN : start(day(retention.before(now.minus(MARGIN))));
  }

  /**
   * The time ranges that need a partition. The past gets a single one, so that a table is created
   * quickly; the future gets one for each of some intervals.
   *
   * @param existing the ranges of the existing partitions
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
