package attolytics.schema;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * A stretch of time.
 *
 * @param from the first instant of it, or {@link Instant#MIN}: all before its end
 * @param to the first instant after it, or {@link Instant#MAX}: all from its beginning on
 */
public record TimeRange(Instant from, Instant to) {
  /** The parts of it that are in none of the others, in their order. */
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

  /** Until when there is no gap between the ranges, from that instant on. */
  public static Instant endOfCover(Instant start, Collection<TimeRange> ranges) {
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
