package attolytics.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The one path of the public port, {@code /apps/{app_id}/events}. */
final class EventsPath {
  private static final String APPS = "apps";
  private static final String EVENTS = "events";

  private EventsPath() {}

  /** The path of an app whose id needs no encoding. */
  static String of(String appId) {
    return "/" + APPS + "/" + appId + "/" + EVENTS;
  }

  /**
   * The app id that a request is for.
   *
   * @param target path as it came, percent-encoded, or a whole URI; without a query
   * @return null if it is another path
   */
  static @Nullable String appId(String target) {
    String[] segments = path(target).split("/", -1);
    boolean isEvents =
        segments.length == 4
            && segments[0].isEmpty()
            && decode(segments[1]).equals(APPS)
            && !segments[2].isEmpty()
            && decode(segments[3]).equals(EVENTS);
    return isEvents ? decode(segments[2]) : null;
  }

  /** A proxy's clients, and any other that likes to, send {@code http://host/path}. */
  private static String path(String target) {
    if (target.startsWith("/")) {
      return target;
    }
    int authority = target.indexOf("://");
    int path = authority < 0 ? -1 : target.indexOf('/', authority + 3);
    return path < 0 ? "" : target.substring(path);
  }

  /** A plus is a plus here, and what is no encoding stands for itself: no app has such an id. */
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
