package attolytics.recent;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The newest refused requests. Those of an app that are refused for the same reason, at the same
 * place of an event, count as equal; where the cause is not the request, for the same cause.
 * Thread-safe.
 */
public final class RecentRefusals {
  /**
   * @param cause if it is not the request, else null
   */
  private record Kind(
      String app, String reason, RefusedRequest.Place place, @Nullable String cause) {}

  private final RecentKinds<RefusedRequest> kinds = new RecentKinds<>();

  /** Adds one that is refused now. */
  public void add(RefusedRequest refused) {
    Kind kind =
        new Kind(
            refused.app(),
            refused.reason(),
            refused.place(),
            refused.status() >= 500 ? refused.detail() : null);
    // All unknown apps are one source: ids cost a client nothing.
    String source = refused.isKnownApp() ? refused.app() : "";
    kinds.add(kind, source, refused, Instant.now());
  }

  /** Those that are remembered, the newest first. */
  public List<Repeated<RefusedRequest>> newestFirst() {
    return kinds.newestFirst();
  }
}
