package attolytics.http;

import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import java.util.Locale;
import java.util.Set;

/** Checks the media type of a body. */
final class ContentType {
  private static final String JSON = "application/json";
  private static final String CHARSET = "charset";

  /** The registered name, and one that is often used instead. */
  private static final Set<String> UTF_8 = Set.of("utf-8", "utf8");

  private ContentType() {}

  /**
   * Whether there is one header Content-Type and it says JSON in UTF-8. Parameters other than the
   * charset are ignored.
   *
   * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1">RFC 9110, media type</a>
   */
  static boolean isJson(HeaderMap headers) {
    HeaderValues types = headers.get(Headers.CONTENT_TYPE);
    return types != null && types.size() == 1 && isJson(types.getFirst());
  }

  static boolean isJson(String contentType) {
    if (contentType.equals(JSON)) {
      return true; // the usual spelling
    }
    int at = contentType.indexOf(';');
    String type = at < 0 ? contentType : contentType.substring(0, at);
    if (!type.trim().equalsIgnoreCase(JSON)) {
      return false;
    }
    while (at >= 0) {
      int start = at + 1;
      at = endOfParameter(contentType, start);
      if (!isValid(contentType.substring(start, at < 0 ? contentType.length() : at))) {
        return false;
      }
    }
    return true;
  }

  /** The next semicolon outside of quotes, or -1. */
  private static int endOfParameter(String contentType, int start) {
    boolean quoted = false;
    for (int i = start; i < contentType.length(); i++) {
      char c = contentType.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == '\\' && quoted) {
        i++;
      } else if (c == ';' && !quoted) {
        return i;
      }
    }
    return -1;
  }

  private static boolean isValid(String parameter) {
    int equals = parameter.indexOf('=');
    if (equals < 0 || !parameter.substring(0, equals).trim().equalsIgnoreCase(CHARSET)) {
      return true;
    }
    String charset = parameter.substring(equals + 1).trim().toLowerCase(Locale.ROOT);
    boolean quoted = charset.length() >= 2 && charset.startsWith("\"") && charset.endsWith("\"");
    return UTF_8.contains(quoted ? charset.substring(1, charset.length() - 1) : charset);
  }
}
