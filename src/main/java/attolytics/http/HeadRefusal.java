package attolytics.http;

import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Refusals because of the head of a request, which quote what is refused. Never the query string: a
 * client may have put its secret key there.
 */
final class HeadRefusal {
  private static final int MAX_CHARS = 64;

  /** Where a query, a fragment or parameters of the path begin, percent-encoded or not. */
  private static final Pattern END_OF_PATH = Pattern.compile("(?i)[?#;]|%(3f|23|3b)");

  private HeadRefusal() {}

  /**
   * @param target percent-encoded path or absolute URI
   */
  static Refusal unknownPath(String target) {
    String path = EventsPath.path(target);
    Matcher end = END_OF_PATH.matcher(path);
    String shown = end.find() ? path.substring(0, end.start()) : path;
    return of(Problem.UNKNOWN_PATH, quoted(shown) + " is not a path of the service");
  }

  static Refusal unknownApp(String id) {
    return of(Problem.UNKNOWN_APP, quoted(id) + " is not an app of the service");
  }

  static Refusal methodNotAllowed(String method) {
    return of(Problem.METHOD_NOT_ALLOWED, quoted(method) + " is not allowed");
  }

  static Refusal originNotAllowed(HeaderMap headers) {
    String sent = sent(headers, Headers.ORIGIN, " is not an origin that the app allows");
    return of(Problem.ORIGIN_NOT_ALLOWED, sent);
  }

  static Refusal unsupportedMediaType(HeaderMap headers) {
    return of(
        Problem.UNSUPPORTED_MEDIA_TYPE,
        sent(headers, Headers.CONTENT_TYPE, " is not application/json in UTF-8"));
  }

  static Refusal unsupportedEncoding(HeaderMap headers) {
    return of(
        Problem.UNSUPPORTED_ENCODING,
        sent(headers, Headers.CONTENT_ENCODING, " is not a supported encoding"));
  }

  private static Refusal of(Problem problem, String what) {
    return Refusal.of(problem, what + "; " + problem.advice());
  }

  private static String sent(HeaderMap headers, HttpString name, String isNot) {
    HeaderValues values = headers.get(name);
    if (values == null) {
      return "the header " + name + " is missing";
    }
    return values.size() == 1
        ? quoted(attolytics.decode.Headers.text(values.getFirst())) + isNot
        : "the header " + name + " is there " + values.size() + " times";
  }

  private static String quoted(String text) {
    return '"' + escaped(text) + '"';
  }

  /**
   * At most {@value #MAX_CHARS} characters of the text; if it was cut, the last is an ellipsis.
   * Printable ASCII and letters only, so that clients cannot forge lines of the log.
   */
  static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      String next = escaped(text.charAt(i));
      boolean isLast = i == text.length() - 1;
      if (escaped.length() + next.length() > (isLast ? MAX_CHARS : MAX_CHARS - 1)) {
        return escaped.append('…').toString();
      }
      escaped.append(next);
    }
    return escaped.toString();
  }

  private static String escaped(char c) {
    if (c == '"' || c == '\\') {
      return "\\" + c;
    }
    return Character.isLetterOrDigit(c) || (c >= ' ' && c < 0x7f)
        ? String.valueOf(c)
        : String.format("\\u%04x", (int) c);
  }
}
