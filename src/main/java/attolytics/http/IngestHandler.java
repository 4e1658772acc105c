package attolytics.http;

import attolytics.http.body.ContentEncoding;
import attolytics.http.body.Framing;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import attolytics.schema.App;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The public port: finds the app, and checks what the headers say before the body is read. */
public final class IngestHandler implements HttpHandler {
  private static final int MAX_IDEMPOTENCY_KEY = 255;
  private static final Pattern CLOSE = Pattern.compile("(?i)(^|,)\\s*close\\s*(,|$)");

  private final IngestContext ingest;
  private final IoThreadContexts ioThreads;
  private volatile Apps apps;
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

  /**
   * @param apps by id
   */
  public IngestHandler(IngestContext ingest, Map<String, App> apps) {
    this.ingest = ingest;
    this.ioThreads = new IoThreadContexts(ingest);
    this.apps = new Apps(apps);
  }

  /**
   * Serves other apps from the next request on. A request keeps the app that it has begun with.
   *
   * @param replacement by id
   */
  public void serve(Map<String, App> replacement) {
    apps = new Apps(replacement);
  }

  /**
   * Refuses every request from now on.
   *
   * @param giveUp whether to wait no longer
   * @return whether no IO thread offers rows to a ring any more
   */
  public boolean drain(BooleanSupplier giveUp) throws InterruptedException {
    draining = true;
    return ioThreads.runOnEach(
        ioThread -> ioThread.bodies().refuseAll(Refusal.of(Problem.DRAINING, null)), giveUp);
  }

  /**
   * Waits until all requests that are settled are answered.
   *
   * @param giveUp whether to wait no longer
   * @return whether they are
   */
  public boolean awaitAnswers(BooleanSupplier giveUp) throws InterruptedException {
    return ioThreads.runOnEach(ioThread -> {}, giveUp);
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    settlePersistence(exchange);
    // As it came: Undertow's own idea of the path leaves out what stands behind a semicolon.
    String target = exchange.getRequestURI();
    Apps known = apps;
    App app = known.byPath(target);
    Refusal notFound = null;
    if (app == null) {
      String id = EventsPath.appId(target);
      app = id == null ? null : known.byId(id);
      notFound = app == null ? notFound(id) : null;
    }
    // Before the check: either drain sees this IO thread, or this request sees that draining is
    // set.
    IoThreadContext ioThread = ioThreads.of(exchange.getIoThread());
    Refusal refusal = app == null ? notFound : check(app, exchange);
    // Dispatched, so that the exchange does not end with this call; and on this very thread.
    exchange.dispatch(
        SameThreadExecutor.INSTANCE, new IngestRequest(exchange, ingest, ioThread, app, refusal));
  }

  private static Refusal notFound(@Nullable String id) {
    return id == null
        ? Refusal.of(Problem.UNKNOWN_PATH, "events are posted to /apps/{app_id}/events")
        : Refusal.of(Problem.UNKNOWN_APP, null);
  }

  /** What Undertow leaves out: an old client is told, and a list of options may say it too. */
  private static void settlePersistence(HttpServerExchange exchange) {
    String connection = exchange.getRequestHeaders().getFirst(Headers.CONNECTION);
    if (connection == null || !exchange.isPersistent()) {
      return;
    }
    if (exchange.isHttp10()) {
      exchange.getResponseHeaders().put(Headers.CONNECTION, "keep-alive");
    } else if (CLOSE.matcher(connection).find()) {
      exchange.setPersistent(false);
    }
  }

  /** In the order in which the contract ranks what is wrong. */
  private @Nullable Refusal check(App app, HttpServerExchange exchange) {
    if (draining) {
      return Refusal.of(Problem.DRAINING, null);
    }
    HeaderMap headers = exchange.getRequestHeaders();
    // As strings: to an HttpString, capitals do not matter.
    String method = exchange.getRequestMethod().toString();
    boolean isPreflight = method.equals(Methods.OPTIONS_STRING);
    if (!isPreflight && !method.equals(Methods.POST_STRING)) {
      return Refusal.of(Problem.METHOD_NOT_ALLOWED, null);
    }
    if (!Cors.allows(app, exchange)) {
      return Refusal.of(Problem.ORIGIN_NOT_ALLOWED, null);
    }
    if (isPreflight) {
      return null; // a preflight: what it asks for is another request's business
    }
    if (!ContentType.isJson(headers)) {
      return Refusal.of(Problem.UNSUPPORTED_MEDIA_TYPE, null);
    }
    if (!ContentEncoding.isSupported(headers)) {
      return Refusal.of(Problem.UNSUPPORTED_ENCODING, "supported is " + ContentEncoding.SUPPORTED);
    }
    String key = headers.getFirst(IngestRequest.IDEMPOTENCY_KEY);
    if (key != null && (key.isEmpty() || key.length() > MAX_IDEMPOTENCY_KEY)) {
      return Refusal.of(
          Problem.INVALID_IDEMPOTENCY_KEY, "it has 1 to " + MAX_IDEMPOTENCY_KEY + " characters");
    }
    int maxBody = ingest.limits().maxBody();
    return Framing.of(exchange) == Framing.LENGTH && exchange.getRequestContentLength() > maxBody
        ? Refusal.bodyTooLarge(maxBody)
        : null;
  }
}
