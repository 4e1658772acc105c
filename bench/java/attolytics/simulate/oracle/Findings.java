package attolytics.simulate.oracle;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What must not happen in a simulation and did. */
public final class Findings {
  private final Map<String, List<String>> byKind = new LinkedHashMap<>();

  /**
   * Adds one.
   *
   * @param what in general, such as "a row twice"
   * @param detail this one
   */
  public void add(String what, Object detail) {
    byKind.computeIfAbsent(what, each -> new ArrayList<>()).add(detail.toString());
  }

  /** Adds one, unless it is null. */
  void addIfAny(@Nullable String what, Object detail) {
    if (what != null) {
      add(what, detail);
    }
  }

  public boolean isEmpty() {
    return byKind.isEmpty();
  }

  public boolean has(String what) {
    return byKind.containsKey(what);
  }

  /** What there is, each once. */
  public List<String> kinds() {
    return List.copyOf(byKind.keySet());
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    byKind.forEach((what, details) -> text.append(what).append(": ").append(details).append('\n'));
    return text.toString();
  }
}
