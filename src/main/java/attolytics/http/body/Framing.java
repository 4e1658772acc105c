package attolytics.http.body;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;

/** How the headers of a request say where its body ends. */
public enum Framing {
  /** There is no body. */
  NONE,
  /** By Content-Length. */
  LENGTH,
  /** By chunks. */
  CHUNKED,
  /**
   * In no valid way: what follows the headers must not be read, neither as a body nor as a request.
   */
  INVALID;

  /** Of a Content-Length; a number with more digits may not fit into a long. */
  private static final int MAX_DIGITS = 18;

  private static final String CHUNKED_CODING = "chunked";

  /**
   * The framing of a request's body.
   *
   * @see <a href="https://www.rfc-editor.org/rfc/rfc9112#section-6.3">RFC 9112, message body
   *     length</a>
   */
  public static Framing of(HttpServerExchange exchange) {
    HeaderMap headers = exchange.getRequestHeaders();
    String coding = headers.getFirst(Headers.TRANSFER_ENCODING);
    if (coding != null) {
      return exchange.isHttp11() && coding.equalsIgnoreCase(CHUNKED_CODING) ? CHUNKED : INVALID;
    }
    String length = headers.getFirst(Headers.CONTENT_LENGTH);
    if (length == null) {
      return NONE;
    }
    return length.length() <= MAX_DIGITS ? LENGTH : INVALID;
  }
}
