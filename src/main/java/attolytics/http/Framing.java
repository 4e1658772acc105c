package attolytics.http;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;

/** How a request says where its body ends. */
enum Framing {
  /** It has no body. */
  NONE,
  /** By Content-Length. */
  LENGTH,
  /** By chunks. */
  CHUNKED,
  /**
   * Nobody can tell: what follows the headers must be read as nothing at all, least as a request.
   */
  UNSOUND;

  /** More digits could be more than the server counts. */
  private static final int MAX_DIGITS = 18;

  private static final String CHUNKED_CODING = "chunked";

  /**
   * What the headers say.
   *
   * @see <a href="https://www.rfc-editor.org/rfc/rfc9112#section-6.3">RFC 9112, message body
   *     length</a>
   */
  static Framing of(HttpServerExchange exchange) {
    HeaderMap headers = exchange.getRequestHeaders();
    String coding = headers.getFirst(Headers.TRANSFER_ENCODING);
    if (coding != null) {
      return exchange.isHttp11() && coding.equalsIgnoreCase(CHUNKED_CODING) ? CHUNKED : UNSOUND;
    }
    String length = headers.getFirst(Headers.CONTENT_LENGTH);
    if (length == null) {
      return NONE;
    }
    return length.length() <= MAX_DIGITS ? LENGTH : UNSOUND;
  }
}
