package attolytics.http;

import attolytics.schema.App;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioIoThread;

/** The public port: finds the app, and checks what the headers say before the body is read. */
public final class IngestHandler implements HttpHandler {
  private static final int MAX_IDEMPOTENCY_KEY = 255;
  private static final String PREFIX = "/apps/";
  private static final String SUFFIX = "/events";
  private static final String JSON = "application/json";

  private final Ingest ingest;
  private final Map<String, App> appsByPath = new HashMap<>();
  private final Map<XnioIoThread, Lane> lanes = new ConcurrentHashMap<>();
  private volatile boolean draining;

  /** All statuses that a request may be answered with. */
  public static Set<Integer> statuses() {
    Set<Integer> statuses = new TreeSet<>(Problem.statuses());
    statuses.add(StatusCodes.OK);
    statuses.add(StatusCodes.NO_CONTENT);
    return statuses;
  }

  /** All reasons for which a request may be refused. */
  public static Set<String> reasons() {
    return Problem.reasons();
  }

  public IngestHandler(Ingest ingest) {
    this.ingest = ingest;
    // As most clients spell them; the other spellings are decoded.
    ingest.apps().values().forEach(app -> appsByPath.put(PREFIX + app.id() + SUFFIX, app));
  }

  /**
   * Refuses every request from now on. When this returns, nothing is offered to a ring any more.
   */
  public void drain() throws InterruptedException {
    draining = true;
    onEachIoThread(Lane::refuseUnread);
  }

  /** Waits until all requests that are settled are answered. */
  public void awaitAnswers() throws InterruptedException {
    onEachIoThread(lane -> {});
  }

  private void onEachIoThread(Consumer<Lane> task) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(lanes.size());
    lanes.forEach(
        (thread, lane) ->
            thread.execute(
                () -> {
                  task.accept(lane);
                  done.countDown();
                }));
    done.await();
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    App app = app(exchange.getRequestPath());
    if (app != null
        && exchange.getRequestMethod().equals(Methods.OPTIONS)
        && Cors.allows(app, exchange)) {
      answerPreflight(app, exchange);
      return;
    }
    // The lane first: drain sees it then, or else this request sees that the service is draining.
    Lane lane = lane(exchange.getIoThread());
    Refusal refusal = check(app, exchange);
    // Dispatched, so that the exchange does not end with this call; and on this very thread.
    exchange.dispatch(
        SameThreadExecutor.INSTANCE, new IngestRequest(exchange, ingest, lane, app, refusal));
  }

  private @Nullable App app(String path) {
    App app = appsByPath.get(path);
    if (app != null || !isEventsPath(path)) {
      return app;
    }
    String id = path.substring(PREFIX.length(), path.length() - SUFFIX.length());
    try {
      return ingest.apps().get(URLDecoder.decode(id.replace("+", "%2B"), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static boolean isEventsPath(String path) {
    int end = path.length() - SUFFIX.length();
    return path.startsWith(PREFIX)
        && path.endsWith(SUFFIX)
        && end > PREFIX.length()
        && path.indexOf('/', PREFIX.length()) == end;
  }

  /** In the order in which the contract ranks what is wrong. */
  private @Nullable Refusal check(@Nullable App app, HttpServerExchange exchange) {
    if (app == null) {
      return isEventsPath(exchange.getRequestPath())
          ? Refusal.of(Problem.UNKNOWN_APP, null)
          : Refusal.of(Problem.UNKNOWN_PATH, "events are posted to /apps/{app_id}/events");
    }
    if (draining) {
      return Refusal.of(Problem.DRAINING, null);
    }
    HeaderMap headers = exchange.getRequestHeaders();
    HttpString method = exchange.getRequestMethod();
    if (!method.equals(Methods.POST) && !method.equals(Methods.OPTIONS)) {
      return Refusal.of(Problem.METHOD_NOT_ALLOWED, null);
    }
    if (!Cors.allows(app, exchange)) {
      return Refusal.of(Problem.ORIGIN_NOT_ALLOWED, null);
    }
    if (!isJson(headers.getFirst(Headers.CONTENT_TYPE))) {
      return Refusal.of(Problem.UNSUPPORTED_MEDIA_TYPE, null);
    }
    if (!isSupported(headers)) {
      return Refusal.of(Problem.UNSUPPORTED_ENCODING, "supported is gzip");
    }
    String key = headers.getFirst(IngestRequest.IDEMPOTENCY_KEY);
    if (key != null && (key.isEmpty() || key.length() > MAX_IDEMPOTENCY_KEY)) {
      return Refusal.of(
          Problem.INVALID_IDEMPOTENCY_KEY, "it has 1 to " + MAX_IDEMPOTENCY_KEY + " characters");
    }
    if (exchange.getRequestContentLength() > ingest.limits().maxBody()) {
      return BodyReader.tooLarge(ingest.limits());
    }
    return null;
  }

  private static boolean isJson(@Nullable String contentType) {
    if (contentType == null) {
      return false;
    }
    if (contentType.equals(JSON)) {
      return true;
    }
    String[] parts = contentType.toLowerCase(Locale.ROOT).split(";", -1);
    if (!parts[0].trim().equals(JSON)) {
      return false;
    }
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].trim().replace("\"", "");
      if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8")) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSupported(HeaderMap headers) {
    String encoding = headers.getFirst(Headers.CONTENT_ENCODING);
    return encoding == null
        || (headers.get(Headers.CONTENT_ENCODING).size() == 1
            && switch (encoding.toLowerCase(Locale.ROOT)) {
              case "gzip", "x-gzip", "identity" -> true;
              default -> false;
            });
  }

  private void answerPreflight(App app, HttpServerExchange exchange) {
    Cors.addHeaders(app, exchange);
    Cors.addPreflightHeaders(exchange);
    exchange.getResponseHeaders().put(Headers.ALLOW, "POST, OPTIONS");
    exchange.setStatusCode(StatusCodes.NO_CONTENT);
    ingest
        .metrics()
        .requestAnswered(
            app.id(), StatusCodes.NO_CONTENT, System.nanoTime() - exchange.getRequestStartTime());
    exchange.endExchange();
  }

  private Lane lane(XnioIoThread thread) {
    Lane lane = lanes.get(thread);
    if (lane == null) {
      int maxBatch = (int) Math.min(ingest.budget().capacity(), Integer.MAX_VALUE - 8);
      lane = new Lane(thread, lanes.size(), maxBatch);
      lanes.put(thread, lane);
    }
    return lane;
  }
}
