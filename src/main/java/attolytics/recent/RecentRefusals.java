package attolytics.recent;

import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The newest refused requests. Those of an app and a user agent that are refused for the same
 * reason, at the same place of an event, and follow each other closely, are one; where the cause is
 * not the request, those for the same cause. Thread-safe.
 */
public final class RecentRefusals {
  /**
   * @param cause if it is not the request, else null
   */
  private record Kind(
      String app,
      String reason,
      RefusedRequest.Place place,
      @Nullable String cause,
      @Nullable String product) {}

  private final RecentKinds<RefusedRequest> kinds = new RecentKinds<>();
  private final InstantSource clock;

  public RecentRefusals() {
    this(InstantSource.system());
  }

  RecentRefusals(InstantSource clock) {
    this.clock = clock;
  }

  /** Adds one that is refused now. */
  public void add(RefusedRequest refused) {
    Kind kind =
        new Kind(
            refused.app(),
            refused.reason(),
            refused.place(),
            refused.status() >= 500 ? refused.detail() : null,
            refused.userAgent() == null ? null : product(refused.userAgent()));
    // All unknown apps are one source: ids cost a client nothing.
    String source = refused.isKnownApp() ? refused.app() : "";
    kinds.add(kind, source, refused, clock.instant());
  }

  /** The first word of a user agent, which all browsers have in common. */
  private static String product(String userAgent) {
    int end = userAgent.indexOf(' ');
    return end < 0 ? userAgent : userAgent.substring(0, end);
  }

  /** Those that are remembered, the newest first. */
  public List<Repeated<RefusedRequest>> newestFirst() {
    return kinds.newestFirst();
  }
}
