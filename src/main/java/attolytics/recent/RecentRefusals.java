package attolytics.recent;

import java.time.InstantSource;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The newest refused requests. Those of an app and a user agent that are refused for the same
 * reason, at the same place of an event and with the same words but for numbers, and follow each
 * other closely, are one. Thread-safe.
 */
public final class RecentRefusals {
  /**
   * @param cause the words of the detail if the request is not the cause, else null
   */
  private record Family(
      String app,
      String reason,
      RefusedRequest.Place place,
      @Nullable String cause,
      @Nullable String product) {}

  /**
   * @param words of the detail, without numbers
   */
  private record Kind(Family family, String words) {}

  /** Not the part of a name, nor an SQLSTATE. */
  private static final Pattern NUMBER = Pattern.compile("(?<!\\w|SQLSTATE )\\d+(?!\\w)");

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
    String words = NUMBER.matcher(refused.detail()).replaceAll("0");
    Family family =
        new Family(
            refused.app(),
            refused.reason(),
            refused.place(),
            refused.status() >= 500 ? words : null,
            refused.userAgent() == null ? null : product(refused.userAgent()));
    // All unknown apps are one source: ids cost a client nothing.
    String source = refused.isKnownApp() ? refused.app() : "";
    Kind kind = new Kind(family, words);
    kinds.add(kind, family, source, refused, clock.instant());
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
