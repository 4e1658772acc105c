package attolytics.torture;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What must never happen and did, by what it is. Thread-safe. */
final class Findings {
  /** More of a kind are counted, not kept. */
  private static final int KEPT = 20;

  private final Map<String, List<String>> kept = new LinkedHashMap<>();
  private final Map<String, Integer> counts = new LinkedHashMap<>();

  /**
   * @param what in general, such as "a row twice"
   * @param detail this one, in as many lines as it takes
   */
  synchronized void add(String what, String detail) {
    counts.merge(what, 1, Integer::sum);
    List<String> details = kept.computeIfAbsent(what, key -> new ArrayList<>());
    if (details.size() < KEPT) {
      details.add(detail);
    }
  }

  synchronized boolean none() {
    return counts.isEmpty();
  }

  /** How often each happened. */
  synchronized Map<String, Integer> counts() {
    return Map.copyOf(counts);
  }

  /** All that is kept. */
  @Override
  public synchronized String toString() {
    StringBuilder text = new StringBuilder();
    counts.forEach(
        (what, count) -> {
          text.append("\n== ").append(what).append(": ").append(count).append('\n');
          for (String detail : kept.getOrDefault(what, List.of())) {
            text.append("  ").append(detail.strip().replace("\n", "\n    ")).append('\n');
          }
        });
    return text.toString();
  }
}
