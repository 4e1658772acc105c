package attolytics.recent;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The newest refused requests. Those of an app that are refused for the same reason, at the same
 * place of an event, count as equal. Thread-safe.
 */
public final class RecentRefusals {
  private static final String EVENTS = "/events/";

  private record Kind(
      String app, String reason, @Nullable String code, @Nullable String pointerInEvent) {}

  private final RecentKinds<RefusedRequest> kinds = new RecentKinds<>();

  /** Adds one that is refused now. */
  public void add(RefusedRequest refused) {
    String pointer = refused.pointer();
    Kind kind =
        new Kind(
            refused.app(),
            refused.reason(),
            refused.code(),
            pointer == null ? null : withoutIndex(pointer));
    // All unknown apps are one source: ids cost a client nothing.
    String source = refused.isKnownApp() ? refused.app() : "";
    kinds.add(kind, source, refused, Instant.now());
  }

  private static String withoutIndex(String pointer) {
    if (!pointer.startsWith(EVENTS)) {
      return pointer;
    }
    int end = pointer.indexOf('/', EVENTS.length());
    return end < 0 ? "" : pointer.substring(end);
  }

  /** Those that are remembered, the newest first. */
  public List<Repeated<RefusedRequest>> newestFirst() {
    return kinds.newestFirst();
  }
}
