package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.schema.Partitioning;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * The times that the events of a partitioned table may have: neither past their retention nor far
 * in the future, so that each has a partition. Bounds are as COPY encodes the column.
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

  /** The column's place. */
  int ordinal() {
    return partitioning.column().ordinal();
  }

  /** Takes what is now for the time of all that follows. */
  void open() {
    now = clock.instant();
    Instant oldest = partitioning.oldest(now);
    earliest = oldest == null ? Long.MIN_VALUE : partitioning.encode(oldest);
    latest = partitioning.encode(now.plus(Partitioning.MOST_AHEAD));
  }

  /** Whether the field at an offset, which is not NULL, is in it. */
  boolean takes(byte[] fields, int at) {
    long value = CopyBuffer.fieldInteger(fields, at);
    return value >= earliest && value <= latest;
  }

  /** The code of the error of a field that is not. */
  String code(byte[] fields, int at) {
    return isTooOld(fields, at) ? "too_old" : "too_far_ahead";
  }

  /** What the column would have taken, as the end of a sentence that begins with its name. */
  String explain(byte[] fields, int at) {
    return isTooOld(fields, at)
        ? " is before %s: events are kept for %s"
            .formatted(seconds(partitioning.oldest(now)), partitioning.retention())
        : " is after %s: at most %d hours ahead of now are taken"
            .formatted(
                seconds(now.plus(Partitioning.MOST_AHEAD)), Partitioning.MOST_AHEAD.toHours());
  }

  private boolean isTooOld(byte[] fields, int at) {
    return CopyBuffer.fieldInteger(fields, at) < earliest;
  }

  private static @Nullable Instant seconds(@Nullable Instant instant) {
    return instant == null ? null : instant.truncatedTo(ChronoUnit.SECONDS);
  }
}
