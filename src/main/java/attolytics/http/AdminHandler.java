package attolytics.http;

import attolytics.metrics.PrometheusMetrics;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The admin port: metrics, health, and the description of the public port. */
public final class AdminHandler implements HttpHandler {
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String DESCRIPTION = resource("/attolytics/openapi.yaml");

  private final PrometheusMetrics metrics;
  private final Supplier<@Nullable String> unready;

  /**
   * @param unready why no request would be accepted now, or null if it would; asked on each call
   */
  public AdminHandler(PrometheusMetrics metrics, Supplier<@Nullable String> unready) {
    this.metrics = metrics;
    this.unready = unready;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    if (exchange.isInIoThread()) {
      exchange.dispatch(this); // asking the database may block
      return;
    }
    if (!exchange.getRequestMethod().equals(Methods.GET)
        && !exchange.getRequestMethod().equals(Methods.HEAD)) {
      exchange.getResponseHeaders().put(Headers.ALLOW, "GET, HEAD");
      answer(exchange, StatusCodes.METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n");
      return;
    }
    switch (exchange.getRequestPath()) {
      case "/metrics" -> {
        String accept = exchange.getRequestHeaders().getFirst(Headers.ACCEPT);
        answer(
            exchange,
            StatusCodes.OK,
            PrometheusMetrics.contentType(accept),
            metrics.scrape(accept));
      }
      case "/healthz" -> answer(exchange, StatusCodes.OK, TEXT, "alive\n");
      case "/readyz" -> {
        String reason = unready.get();
        if (reason == null) {
          answer(exchange, StatusCodes.OK, TEXT, "ready\n");
        } else {
          answer(exchange, StatusCodes.SERVICE_UNAVAILABLE, TEXT, reason + "\n");
        }
      }
      case "/openapi.yaml" -> answer(exchange, StatusCodes.OK, "application/yaml", DESCRIPTION);
      default ->
          answer(
              exchange,
              StatusCodes.NOT_FOUND,
              TEXT,
              "see /metrics, /healthz, /readyz and /openapi.yaml\n");
    }
  }

  private static String resource(String name) {
    try (InputStream in = AdminHandler.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }

  private static void answer(HttpServerExchange exchange, int status, String type, String body) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, type);
    exchange.getResponseSender().send(body);
  }
}
