package attolytics.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The one path of the public port, {@code /apps/{app_id}/events}. */
final class EventsPath {
  private static final String APPS = "apps";
  private static final String EVENTS = "events";
  private static final Pattern LEADING_SLASHES = Pattern.compile("^/+");
  private static final Pattern SLASHES = Pattern.compile("/+");

  private EventsPath() {}

  /** The path of an app whose id needs no encoding. */
  static String of(String appId) {
    return "/" + APPS + "/" + appId + "/" + EVENTS;
  }

  /**
   * The app id in a path. Empty segments and a trailing slash are ignored.
   *
   * @param target percent-encoded path or absolute URI, without a query
   * @return null if it is another path
   */
  static @Nullable String appId(String target) {
    String path = path(target);
    if (!path.startsWith("/")) {
      return null;
    }
    String[] segments = SLASHES.split(LEADING_SLASHES.matcher(path).replaceFirst(""), 0);
    boolean isEvents =
        segments.length == 3
            && decode(segments[0]).equals(APPS)
            && decode(segments[2]).equals(EVENTS);
    return isEvents ? decode(segments[1]) : null;
  }

  /** The path of a target, which can be an absolute URI, as clients of a proxy send it. */
  static String path(String target) {
    if (target.startsWith("/")) {
      return target;
    }
    int authority = target.indexOf("://");
    int path = authority < 0 ? -1 : target.indexOf('/', authority + 3);
    return path < 0 ? "" : target.substring(path);
  }

  /** Decodes percent-encoding, but not a plus; returns what is malformed as it is. */
  private static String decode(String segment) {
    try {
      return segment.indexOf('%') < 0
          ? segment
          : URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return segment;
    }
  }
}
