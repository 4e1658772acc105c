package attolytics.http;

import attolytics.schema.App;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;

/**
 * The CORS headers of requests and answers, according to {@code access_control_allow_origin} of the
 * app. The browser prevents a page from reading the answer, and from sending more than a form
 * could; the service itself refuses requests from pages of other origins.
 *
 * @see <a href="https://fetch.spec.whatwg.org/#http-cors-protocol">Fetch, CORS protocol</a>
 */
final class Cors {
  private static final HttpString ALLOW_ORIGIN = new HttpString("Access-Control-Allow-Origin");
  private static final HttpString ALLOW_CREDENTIALS =
      new HttpString("Access-Control-Allow-Credentials");
  private static final HttpString ALLOW_METHODS = new HttpString("Access-Control-Allow-Methods");
  private static final HttpString ALLOW_HEADERS = new HttpString("Access-Control-Allow-Headers");
  private static final HttpString REQUEST_HEADERS =
      new HttpString("Access-Control-Request-Headers");
  private static final HttpString EXPOSE_HEADERS = new HttpString("Access-Control-Expose-Headers");
  private static final HttpString MAX_AGE = new HttpString("Access-Control-Max-Age");

  private static final String USUAL_HEADERS =
      "Content-Type, Content-Encoding, Authorization, Idempotency-Key, Prefer";

  /** The origin that browsers send for files, sandboxed frames and the like. */
  private static final String OPAQUE_ORIGIN = "null";

  private Cors() {}

  /** Whether the request comes from a page that the app allows, or from no page at all. */
  static boolean allows(App app, HttpServerExchange exchange) {
    HeaderValues origins = exchange.getRequestHeaders().get(Headers.ORIGIN);
    // No browser sends two; one of them could be allowed and the other not.
    return origins == null || (origins.size() == 1 && app.allowsOrigin(origins.getFirst()));
  }

  /** Allows the page that sent the request to read the answer, if the app allows its origin. */
  static void addHeaders(App app, HttpServerExchange exchange) {
    HeaderMap response = exchange.getResponseHeaders();
    if (!app.allowsAnyOrigin()) {
      response.put(Headers.VARY, Headers.ORIGIN_STRING);
    }
    String origin = exchange.getRequestHeaders().getFirst(Headers.ORIGIN);
    if (origin == null || !allows(app, exchange)) {
      return;
    }
    String allowed = app.allowsAnyOrigin() ? App.ANY_ORIGIN : origin;
    allow(allowed, response);
    if (isOneSite(allowed)) {
      // The service ignores cookies, but navigator.sendBeacon always sends them.
      response.put(ALLOW_CREDENTIALS, "true");
    }
  }

  /** Allows the page that sent the request to read the answer, which is that of no app. */
  static void allowAnyPage(HttpServerExchange exchange) {
    if (exchange.getRequestHeaders().contains(Headers.ORIGIN)) {
      allow(App.ANY_ORIGIN, exchange.getResponseHeaders());
    }
  }

  private static void allow(String origin, HeaderMap response) {
    response.put(ALLOW_ORIGIN, origin);
    response.put(EXPOSE_HEADERS, "Retry-After, Idempotency-Replayed, Preference-Applied");
  }

  /** Whether the origin stands for one site, so that pages of other sites do not have it. */
  private static boolean isOneSite(String allowed) {
    return !allowed.equals(App.ANY_ORIGIN) && !allowed.equals(OPAQUE_ORIGIN);
  }

  /** Allows a page to send POST with the headers that the preflight asks for. */
  static void addPreflightHeaders(HttpServerExchange exchange) {
    if (!exchange.getRequestHeaders().contains(Headers.ORIGIN)) {
      return;
    }
    String requested = exchange.getRequestHeaders().getFirst(REQUEST_HEADERS);
    exchange
        .getResponseHeaders()
        .put(ALLOW_METHODS, "POST")
        .put(ALLOW_HEADERS, requested == null ? USUAL_HEADERS : requested)
        .put(MAX_AGE, "86400");
  }
}
