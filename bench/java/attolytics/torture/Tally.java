package attolytics.torture;

import static java.util.stream.Collectors.toCollection;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** Counts. Thread-safe. */
final class Tally {
  private final Map<String, LongAdder> answers = new ConcurrentSkipListMap<>();
  private final Map<String, LongAdder> faults = new ConcurrentSkipListMap<>();
  private final Map<Fault, LongAdder> inVain = new ConcurrentSkipListMap<>(); // since the last hit
  private final LongAdder struck = new LongAdder();
  private final LongAccumulator longestRetryAfter = new LongAccumulator(Math::max, 0);

  void attempted(Attempt attempt) {
    answers.computeIfAbsent(attempt.outcome(), key -> new LongAdder()).increment();
    longestRetryAfter.accumulate(attempt.retryAfter());
  }

  /**
   * @param hit false if there was nothing that it could hit
   */
  void struck(Fault fault, boolean hit) {
    String name = fault.name().toLowerCase(Locale.ROOT) + (hit ? "" : " (missed)");
    faults.computeIfAbsent(name, key -> new LongAdder()).increment();
    if (hit) {
      struck.increment();
      inVain.remove(fault);
    } else {
      inVain.computeIfAbsent(fault, key -> new LongAdder()).increment();
    }
  }

  /** Those that missed so many times in a row at the end: do they still do what they are for? */
  Set<Fault> inVain(int times) {
    return inVain.entrySet().stream()
        .filter(misses -> misses.getValue().sum() >= times)
        .map(Map.Entry::getKey)
        .collect(toCollection(() -> EnumSet.noneOf(Fault.class)));
  }

  /** Faults that hit. */
  long struck() {
    return struck.sum();
  }

  /** Two tables in Markdown. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    table(text, "answer", answers);
    text.append("\nlongest Retry-After: ").append(longestRetryAfter.get()).append(" s\n");
    table(text, "fault", faults);
    return text.toString();
  }

  private static void table(StringBuilder text, String what, Map<String, LongAdder> counts) {
    text.append("\n| ").append(what).append(" | times |\n| --- | --- |\n");
    counts.forEach(
        (name, count) ->
            text.append(String.format(Locale.ROOT, "| %s | %,d |%n", name, count.sum())));
  }
}
