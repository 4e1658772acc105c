package attolytics.schema;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * A range of time.
 *
 * @param from inclusive; {@link Instant#MIN} if unbounded
 * @param to exclusive; {@link Instant#MAX} if unbounded
 */
public record TimeRange(Instant from, Instant to) {
  /** The parts of this range that are in none of the others, in order. */
  List<TimeRange> without(Collection<TimeRange> others) {
    List<TimeRange> left = new ArrayList<>();
    Instant at = from;
    for (TimeRange other : inOrder(others)) {
      addUnlessEmpty(new TimeRange(at, earlier(other.from, to)), left);
      at = other.to.isAfter(at) ? other.to : at;
    }
    addUnlessEmpty(new TimeRange(at, to), left);
    return left;
  }

  /** The instant up to which the ranges cover the time from {@code start} without a gap. */
  public static Instant coveredUntil(Instant start, Collection<TimeRange> ranges) {
    Instant at = start;
    for (TimeRange range : inOrder(ranges)) {
      at = !range.from.isAfter(at) && range.to.isAfter(at) ? range.to : at;
    }
    return at;
  }

  private static List<TimeRange> inOrder(Collection<TimeRange> ranges) {
    return ranges.stream().sorted(Comparator.comparing(TimeRange::from)).toList();
  }

  private static void addUnlessEmpty(TimeRange range, List<TimeRange> to) {
    if (range.from.isBefore(range.to)) {
      to.add(range);
    }
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }
}
