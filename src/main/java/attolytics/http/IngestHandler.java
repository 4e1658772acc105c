package attolytics.http;

import attolytics.http.body.ContentEncoding;
import attolytics.http.body.Framing;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import attolytics.schema.App;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Handles the requests of the public port: finds the app and checks the headers. */
public final class IngestHandler implements HttpHandler {
  private static final int MAX_IDEMPOTENCY_KEY = 255;
  private static final Pattern CLOSE = Pattern.compile("(?i)(^|,)\\s*close\\s*(,|$)");

  private final IngestContext ingest;
  private final IoThreadContexts ioThreads;
  private volatile Apps apps;
  private volatile boolean draining;
  private volatile long refusedNanos;
  private volatile boolean refused;

  /** All statuses of answers. */
  public static Set<Integer> statuses() {
    Set<Integer> statuses = new TreeSet<>(Problem.statuses());
    statuses.add(StatusCodes.OK);
    statuses.add(StatusCodes.NO_CONTENT);
    return statuses;
  }

  /** All reasons for refusing a request. */
  public static Set<String> reasons() {
    return Problem.reasons();
  }

  /** The statuses of the answers, by the reason for refusing a request. */
  public static Map<String, Integer> statusByReason() {
    return Problem.statusByReason();
  }

  /** The reasons of the status to refuse a request while the database stores nothing. */
  public static Set<String> reasonsWithoutDatabase(int status) {
    return Stream.of(Problem.DATABASE_UNAVAILABLE, Problem.BUFFER_FULL, Problem.OUTCOME_UNKNOWN)
        .filter(problem -> problem.status() == status)
        .map(Problem::reason)
        .collect(Collectors.toSet());
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
   * Replaces the apps. A request that has begun keeps its app.
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
    return refuseBodies(giveUp);
  }

  /**
   * Refuses the requests whose body is incomplete, as the port is about to be closed.
   *
   * @param giveUp whether to wait no longer
   * @return whether they are answered
   */
  public boolean refuseBodies(BooleanSupplier giveUp) throws InterruptedException {
    return ioThreads.runOnEach(
        ioThread -> ioThread.bodies().refuseAll(Refusal.of(Problem.DRAINING, null)), giveUp);
  }

  /** When a request was last refused because of {@link #drain}; empty if none was. */
  public OptionalLong refusedNanos() {
    return refused ? OptionalLong.of(refusedNanos) : OptionalLong.empty();
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
    setPersistence(exchange);
    // Undertow's getRequestPath leaves out everything after a semicolon.
    String target = exchange.getRequestURI();
    Apps known = apps;
    App app = known.byPath(target);
    Refusal notFound = null;
    if (app == null) {
      String id = EventsPath.appId(target);
      app = id == null ? null : known.byId(id);
      if (app == null) {
        notFound = id == null ? HeadRefusal.unknownPath(target) : HeadRefusal.unknownApp(id);
      }
    }
    // Before the check, so that either drain sees this IO thread or the request sees draining set.
    IoThreadContext ioThread = ioThreads.of(exchange.getIoThread());
    Refusal refusal = app == null ? notFound : check(app, exchange);
    // Dispatched, so that the exchange does not end when this call returns.
    exchange.dispatch(
        SameThreadExecutor.INSTANCE, new IngestRequest(exchange, ingest, ioThread, app, refusal));
  }

  /** Undertow ignores HTTP/1.0 clients and a close among other options. */
  private static void setPersistence(HttpServerExchange exchange) {
    HeaderValues connection = exchange.getRequestHeaders().get(Headers.CONNECTION);
    if (connection == null || !exchange.isPersistent()) {
      return;
    }
    if (exchange.isHttp10()) {
      exchange.getResponseHeaders().put(Headers.CONNECTION, "keep-alive");
    } else if (connection.stream().anyMatch(options -> CLOSE.matcher(options).find())) {
      exchange.setPersistent(false);
    }
  }

  /** Why the request is refused, in the order of precedence of the documentation. */
  private @Nullable Refusal check(App app, HttpServerExchange exchange) {
    if (draining) {
      refusedNanos = System.nanoTime();
      refused = true;
      return Refusal.of(Problem.DRAINING, null);
    }
    HeaderMap headers = exchange.getRequestHeaders();
    // As a string, because HttpString.equals ignores case.
    String method = exchange.getRequestMethod().toString();
    boolean isPreflight = method.equals(Methods.OPTIONS_STRING);
    if (!isPreflight && !method.equals(Methods.POST_STRING)) {
      return HeadRefusal.methodNotAllowed(method);
    }
    if (!Cors.allows(app, exchange)) {
      return HeadRefusal.originNotAllowed(headers);
    }
    if (isPreflight) {
      return null;
    }
    if (!ContentType.isJson(headers)) {
      return HeadRefusal.unsupportedMediaType(headers);
    }
    if (!ContentEncoding.isSupported(headers)) {
      return HeadRefusal.unsupportedEncoding(headers);
    }
    if (headers.count(IngestRequest.IDEMPOTENCY_KEY) > 1) {
      return Refusal.of(
          Problem.INVALID_IDEMPOTENCY_KEY, "the request has several; a request must have one");
    }
    String key = IngestRequest.idempotencyKey(headers);
    int keyLength = key == null ? 1 : key.codePointCount(0, key.length());
    if (keyLength < 1 || keyLength > MAX_IDEMPOTENCY_KEY) {
      return Refusal.of(
          Problem.INVALID_IDEMPOTENCY_KEY,
          "it has " + keyLength + " characters; " + Problem.INVALID_IDEMPOTENCY_KEY.advice());
    }
    int maxBody = ingest.limits().maxBody();
    return Framing.of(exchange) == Framing.LENGTH && exchange.getRequestContentLength() > maxBody
        ? Refusal.bodyTooLarge(maxBody)
        : null;
  }
}
