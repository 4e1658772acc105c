package attolytics.http.server;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;

/**
 * Estimates the heap that a request takes besides its body until it is answered. An upper bound for
 * a JVM with compressed references.
 */
public final class HeadSize {
  /** Objects for name, value and their list. */
  private static final int HEADER_BYTES = 200;

  /** The same for a query parameter, which has a queue. */
  private static final int PARAMETER_BYTES = 280;

  /** Undertow keeps the path three times: encoded, decoded, and relative to the handler. */
  private static final int COPIES_OF_PATH = 3;

  private HeadSize() {}

  /** Bytes of the heap that the request holds. */
  public static int of(HttpServerExchange exchange) {
    HeaderMap headers = exchange.getRequestHeaders();
    int bytes = 0;
    for (long at = headers.fastIterate(); at != -1; at = headers.fiNext(at)) {
      HeaderValues values = headers.fiCurrent(at);
      bytes += HEADER_BYTES + values.getHeaderName().length();
      for (int i = 0; i < values.size(); i++) {
        bytes += HEADER_BYTES + values.get(i).length();
      }
    }
    String query = exchange.getQueryString();
    if (!query.isEmpty()) {
      bytes += 2 * query.length() + PARAMETER_BYTES * exchange.getQueryParameters().size();
    }
    return bytes
        + COPIES_OF_PATH * exchange.getRequestURI().length()
        + RequestBytes.readAheadHeapBytes(exchange);
  }

  /** Drops the headers of a request that is answered. */
  public static void forget(HttpServerExchange exchange) {
    exchange.getRequestHeaders().clear();
    exchange.getQueryParameters().clear();
    exchange.getPathParameters().clear();
    exchange.setQueryString("");
    exchange.setRequestURI("/");
    exchange.setRequestPath("/");
    exchange.setRelativePath("/");
  }
}
