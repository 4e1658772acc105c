package attolytics.admin;

import attolytics.metrics.Exposition;
import attolytics.metrics.PrometheusMetrics;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Handles the requests of the admin port: metrics, probes, the status page with the runbook, and
 * the OpenAPI document of the public port. Nothing here blocks, so that it answers whatever state
 * the service is in.
 */
public final class AdminHandler implements HttpHandler {
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String ALLOWED_METHODS = "GET, HEAD";
  private static final HttpString NO_SNIFF = new HttpString("X-Content-Type-Options");

  private final PrometheusMetrics metrics;
  private final StatusReport report;
  private final Supplier<@Nullable String> notLive;
  private final Supplier<@Nullable NotReady> unready;

  /**
   * @param notLive why the process should be restarted, or null; does not block
   * @param unready why a request would be refused now, or null; does not block
   */
  public AdminHandler(
      PrometheusMetrics metrics,
      StatusReport report,
      Supplier<@Nullable String> notLive,
      Supplier<@Nullable NotReady> unready) {
    this.metrics = metrics;
    this.report = report;
    this.notLive = notLive;
    this.unready = unready;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    HeaderMap headers = exchange.getResponseHeaders();
    headers.put(Headers.CACHE_CONTROL, "no-store");
    headers.put(NO_SNIFF, "nosniff");
    switch (exchange.getRequestPath()) {
      case "/status.json" -> get(exchange, this::report);
      case "/metrics" -> get(exchange, this::metrics);
      case "/healthz" -> get(exchange, asked -> probe(asked, notLive, "alive"));
      case "/readyz" -> get(exchange, asked -> probe(asked, this::unready, "ready"));
      case "/openapi.yaml" -> get(exchange, AdminHandler::description);
      default -> page(exchange, StatusPage.file(exchange.getRequestPath()));
    }
  }

  private static void page(HttpServerExchange exchange, StatusPage.@Nullable PageFile file) {
    if (file == null) {
      answer(
          exchange,
          StatusCodes.NOT_FOUND,
          TEXT,
          "not found; see /, /metrics, /healthz, /readyz, /status.json, /runbook.md and /openapi.yaml\n");
    } else {
      StatusPage.HEADERS.forEach((name, value) -> exchange.getResponseHeaders().put(name, value));
      get(exchange, asked -> answer(asked, StatusCodes.OK, file.contentType(), file.read()));
    }
  }

  private static void get(HttpServerExchange exchange, Consumer<HttpServerExchange> page) {
    HttpString method = exchange.getRequestMethod();
    if (method.equals(Methods.GET) || method.equals(Methods.HEAD)) {
      page.accept(exchange);
    } else {
      exchange.getResponseHeaders().put(Headers.ALLOW, ALLOWED_METHODS);
      answer(
          exchange,
          StatusCodes.METHOD_NOT_ALLOWED,
          TEXT,
          "method not allowed; use " + ALLOWED_METHODS + "\n");
    }
  }

  private static void description(HttpServerExchange exchange) {
    answer(exchange, StatusCodes.OK, "application/yaml", Resource.read("/attolytics/openapi.yaml"));
  }

  private void report(HttpServerExchange exchange) {
    answer(exchange, StatusCodes.OK, "application/json", report.write(unready.get()));
  }

  private void metrics(HttpServerExchange exchange) {
    // Several header lines are one list.
    HeaderValues accept = exchange.getRequestHeaders().get(Headers.ACCEPT);
    Exposition exposition = metrics.scrape(accept == null ? null : String.join(",", accept));
    exchange.getResponseHeaders().put(Headers.VARY, Headers.ACCEPT_STRING);
    answer(exchange, StatusCodes.OK, exposition.contentType(), exposition.text());
  }

  private static void probe(
      HttpServerExchange exchange, Supplier<@Nullable String> problem, String ok) {
    String reason = problem.get();
    if (reason == null) {
      answer(exchange, StatusCodes.OK, TEXT, ok + "\n");
    } else {
      answer(exchange, StatusCodes.SERVICE_UNAVAILABLE, TEXT, reason + "\n");
    }
  }

  private @Nullable String unready() {
    NotReady now = unready.get();
    return now == null ? null : now.answer();
  }

  private static void answer(HttpServerExchange exchange, int status, String type, String body) {
    answer(exchange, status, type, body.getBytes(StandardCharsets.UTF_8));
  }

  private static void answer(HttpServerExchange exchange, int status, String type, byte[] body) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, type);
    exchange.getResponseSender().send(ByteBuffer.wrap(body));
  }
}
