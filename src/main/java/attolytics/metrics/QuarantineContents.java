package attolytics.metrics;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is in quarantine.
 *
 * @param groups how many events there are, by app and code
 * @param newest the reasons of the newest, the last one first
 */
public record QuarantineContents(List<Group> groups, List<Reason> newest) {
  /** Nothing. */
  public static final QuarantineContents NONE = new QuarantineContents(List.of(), List.of());

  /** The events of an app that are there for the same reason. */
  public record Group(String app, String code, long rows) {}

  /** Why an event is there; without anything of its values. */
  public record Reason(
      Instant receivedAt,
      String app,
      @Nullable String table,
      String code,
      @Nullable String pointer) {}

  public QuarantineContents {
    groups = List.copyOf(groups);
    newest = List.copyOf(newest);
  }

  /** How many events each app has there. */
  public Map<String, Long> rowsByApp() {
    return groups.stream()
        .collect(Collectors.groupingBy(Group::app, Collectors.summingLong(Group::rows)));
  }
}
