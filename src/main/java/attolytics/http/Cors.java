package attolytics.http;

import attolytics.schema.App;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;

/**
 * What browsers ask and are told, as the app's {@code access_control_allow_origin} says.
 *
 * @see <a href="https://fetch.spec.whatwg.org/#http-cors-protocol">Fetch, CORS protocol</a>
 */
final class Cors {
  private static final HttpString ALLOW_ORIGIN = new HttpString("Access-Control-Allow-Origin");
  private static final HttpString ALLOW_METHODS = new HttpString("Access-Control-Allow-Methods");
  private static final HttpString ALLOW_HEADERS = new HttpString("Access-Control-Allow-Headers");
  private static final HttpString REQUEST_HEADERS =
      new HttpString("Access-Control-Request-Headers");
  private static final HttpString EXPOSE_HEADERS = new HttpString("Access-Control-Expose-Headers");
  private static final HttpString MAX_AGE = new HttpString("Access-Control-Max-Age");

  private static final String USUAL_HEADERS =
      "Content-Type, Content-Encoding, Authorization, Idempotency-Key";

  private Cors() {}

  /** Whether the request comes from a page that the app allows, or from no page at all. */
  static boolean allows(App app, HttpServerExchange exchange) {
    String origin = exchange.getRequestHeaders().getFirst(Headers.ORIGIN);
    return origin == null || app.allowsOrigin(origin);
  }

  /** Lets the page that sent the request read the answer. */
  static void addHeaders(App app, HttpServerExchange exchange) {
    HeaderMap response = exchange.getResponseHeaders();
    response.put(ALLOW_ORIGIN, app.allowedOrigin());
    if (!app.allowedOrigin().equals(App.ANY_ORIGIN)) {
      response.put(Headers.VARY, Headers.ORIGIN_STRING);
    }
    if (exchange.getRequestHeaders().contains(Headers.ORIGIN)) {
      response.put(EXPOSE_HEADERS, "Retry-After, Idempotency-Replayed");
    }
  }

  /** Says what a page may send: POST, with whatever headers it asks for. */
  static void addPreflightHeaders(HttpServerExchange exchange) {
    String asked = exchange.getRequestHeaders().getFirst(REQUEST_HEADERS);
    exchange
        .getResponseHeaders()
        .put(ALLOW_METHODS, "POST")
        .put(ALLOW_HEADERS, asked == null ? USUAL_HEADERS : asked)
        .put(MAX_AGE, "86400");
  }
}
