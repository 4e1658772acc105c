package attolytics.simulate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What must not happen in a simulation and did. */
final class Findings {
  private final Map<String, List<String>> byKind = new LinkedHashMap<>();

  /**
   * @param what in general, such as "a row twice"
   * @param detail this one
   */
  void add(String what, Object detail) {
    byKind.computeIfAbsent(what, each -> new ArrayList<>()).add(detail.toString());
  }

  boolean isEmpty() {
    return byKind.isEmpty();
  }

  boolean has(String what) {
    return byKind.containsKey(what);
  }

  /** What there is, each once. */
  List<String> kinds() {
    return List.copyOf(byKind.keySet());
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    byKind.forEach((what, details) -> text.append(what).append(": ").append(details).append('\n'));
    return text.toString();
  }
}
