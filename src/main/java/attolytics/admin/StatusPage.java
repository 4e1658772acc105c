package attolytics.admin;

import io.undertow.util.HttpString;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;

/**
 * The page that shows {@link StatusReport}s. Its styles and scripts are inline, and its headers
 * allow no others.
 */
final class StatusPage {
  /** Read at the first request. */
  private static final class Lazily {
    private static final StatusPage PAGE = new StatusPage();
  }

  private final byte[] html;
  private final Map<HttpString, String> headers;

  private StatusPage() {
    html = Resource.read("/attolytics/status.html");
    String text = new String(html, StandardCharsets.UTF_8);
    headers =
        Map.of(
            new HttpString("Content-Security-Policy"),
            "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none';"
                + " form-action 'none'; frame-ancestors 'none'; style-src "
                + hash(text, "style")
                + "; script-src "
                + hash(text, "script"),
            new HttpString("Referrer-Policy"),
            "no-referrer");
  }

  static StatusPage get() {
    return Lazily.PAGE;
  }

  byte[] html() {
    return html;
  }

  /** The security headers of the page. */
  Map<HttpString, String> headers() {
    return headers;
  }

  /** The hash source of the content of an element, for the Content-Security-Policy. */
  private static String hash(String html, String element) {
    int start = html.indexOf('<' + element + '>') + element.length() + 2;
    String content = html.substring(start, html.indexOf("</" + element + '>', start));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
      return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }
}
