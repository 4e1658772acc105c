package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.schema.Partitioning;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * The range of times that the events of a partitioned table may have: within the retention and not
 * far in the future, so that a partition exists for each. Bounds are in the encoding of the column.
 */
final class TimeWindow {
  private final Partitioning partitioning;
  private final InstantSource clock;
  private Instant now = Instant.EPOCH;
  private long earliest;
  private long latest;

  TimeWindow(Partitioning partitioning, InstantSource clock) {
    this.partitioning = partitioning;
    this.clock = clock;
  }

  /** The index of the column. */
  int ordinal() {
    return partitioning.column().ordinal();
  }

  /** Reads the clock, for all checks until the next call. */
  void update() {
    now = clock.instant();
    Instant oldest = partitioning.oldest(now);
    earliest = oldest == null ? Long.MIN_VALUE : partitioning.encode(oldest);
    latest = partitioning.encode(now.plus(Partitioning.MAX_AHEAD));
  }

  /** Whether the field at an offset, which is not NULL, is within the range. */
  boolean contains(byte[] fields, int at) {
    long value = CopyBuffer.fieldInteger(fields, at);
    return value >= earliest && value <= latest;
  }

  /** The error code for a field outside the range. */
  String code(byte[] fields, int at) {
    return isTooOld(fields, at) ? "too_old" : "too_far_ahead";
  }

  /** The range that the field misses, as a predicate to the column's name. */
  String explain(byte[] fields, int at) {
    return isTooOld(fields, at)
        ? " is before %s; events are kept for %s"
            .formatted(seconds(partitioning.oldest(now)), partitioning.retention())
        : " is after %s; it must be at most %d hours ahead"
            .formatted(seconds(now.plus(Partitioning.MAX_AHEAD)), Partitioning.MAX_AHEAD.toHours());
  }

  private boolean isTooOld(byte[] fields, int at) {
    return CopyBuffer.fieldInteger(fields, at) < earliest;
  }

  private static @Nullable Instant seconds(@Nullable Instant instant) {
    return instant == null ? null : instant.truncatedTo(ChronoUnit.SECONDS);
  }
}
