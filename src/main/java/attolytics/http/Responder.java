package attolytics.http;

import attolytics.http.body.ContentEncoding;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import attolytics.http.server.HttpServer;
import attolytics.metrics.Metrics;
import attolytics.schema.App;
import io.undertow.io.IoCallback;
import io.undertow.io.Sender;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.xnio.IoUtils;

/** Answers one request, and counts and logs the answer. On the connection's IO thread only. */
final class Responder {
  private static final Logger log = LoggerFactory.getLogger(Responder.class);
  private static final HttpString IDEMPOTENCY_REPLAYED = new HttpString("Idempotency-Replayed");
  private static final String ALLOWED_METHODS = "POST, OPTIONS";

  /** Does not end the exchange, whose body is still to be read. */
  private static final IoCallback CLOSE_ON_ERROR =
      new IoCallback() {
        @Override
        public void onComplete(HttpServerExchange exchange, Sender sender) {}

        @Override
        public void onException(HttpServerExchange exchange, Sender sender, IOException e) {
          IoUtils.safeClose(exchange.getConnection());
        }
      };

  /** Knows whether all of the answer has been sent. */
  private static final class Completion implements IoCallback {
    private final IoCallback next;
    private boolean sent;

    Completion(IoCallback next) {
      this.next = next;
    }

    @Override
    public void onComplete(HttpServerExchange exchange, Sender sender) {
      sent = true;
      next.onComplete(exchange, sender);
    }

    @Override
    public void onException(HttpServerExchange exchange, Sender sender, IOException e) {
      next.onException(exchange, sender, e);
    }
  }

  private final HttpServerExchange exchange;
  private final IngestContext ingest;
  private final @Nullable App app;
  private boolean counted;
  private boolean refusedBeforeBody;

  /**
   * @param app null if the path names none
   */
  Responder(HttpServerExchange exchange, IngestContext ingest, @Nullable App app) {
    this.exchange = exchange;
    this.ingest = ingest;
    this.app = app;
  }

  /**
   * Answers that the events are committed.
   *
   * @param answer the body, as JSON, if the events were handled leniently, else null
   */
  void stored(@Nullable String answer) {
    addCorsHeaders();
    if (answer != null && Preference.of(exchange.getRequestHeaders()) == Preference.LENIENT) {
      exchange.getResponseHeaders().put(Preference.APPLIED, "handling=lenient");
    }
    count(StatusCodes.OK);
    if (answer == null) {
      end();
    } else {
      exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json");
      send(answer.getBytes(StandardCharsets.UTF_8), IoCallback.END_EXCHANGE);
    }
  }

  /** Answers that the events were committed before, under the same Idempotency-Key. */
  void replayed(int events, @Nullable String answer) {
    exchange.getResponseHeaders().put(IDEMPOTENCY_REPLAYED, "true");
    ingest.metrics().duplicatesSuppressed(appId(), events);
    stored(answer);
  }

  void preflight() {
    addCorsHeaders();
    Cors.addPreflightHeaders(exchange);
    exchange.setStatusCode(StatusCodes.NO_CONTENT);
    exchange.getResponseHeaders().put(Headers.ALLOW, ALLOWED_METHODS);
    count(StatusCodes.NO_CONTENT);
    end();
  }

  private void end() {
    exchange.endExchange();
    closeIfUnread(0, false);
  }

  /**
   * Refuses the request, unless {@link #refuseBeforeBody} has.
   *
   * @param bodyComplete whether its body was read to the end, so that the connection can be used
   *     again
   */
  void refuse(Refusal refusal, boolean bodyComplete) {
    if (refusedBeforeBody) {
      exchange.endExchange();
      return;
    }
    if (!bodyComplete || refusal.problem() == Problem.DRAINING) {
      exchange.setPersistent(false);
    }
    send(refusal, IoCallback.END_EXCHANGE);
  }

  /**
   * Refuses the request while its body is still to be read. {@link #refuse} has to follow when the
   * body ends: if the connection was closed now, the client would lose the answer.
   */
  void refuseBeforeBody(Refusal refusal) {
    if (!refusedBeforeBody) {
      refusedBeforeBody = true;
      exchange.setPersistent(false);
      send(refusal, CLOSE_ON_ERROR);
    }
  }

  /**
   * Answers that the service failed, if nothing has been answered yet.
   *
   * @param answer what is known of the request's rows
   */
  void fail(Throwable cause, Problem answer) {
    String id = ingest.errorIds().of(answer);
    log.error("error {}: internal error in a request", id, cause);
    try {
      if (!exchange.isResponseStarted()) {
        refuse(Refusal.of(answer, null), false);
        return;
      }
    } catch (RuntimeException | Error e) {
      log.debug("Could not answer the request that failed", e);
    }
    IoUtils.safeClose(exchange.getConnection());
  }

  private void send(Refusal refusal, IoCallback then) {
    Problem problem = refusal.problem();
    exchange.setStatusCode(problem.status());
    addCorsHeaders();
    addHeaders(problem);
    count(problem.status());
    ingest.metrics().requestRefused(appId(), problem.reason());
    ingest.metrics().eventsRejected(appId(), problem.reason(), refusal.events());
    RefusalReason.recorded(
            refusal,
            app,
            exchange.getRequestURI(),
            exchange.getRequestHeaders().getFirst(Headers.USER_AGENT))
        .forEach(ingest.refusals()::add);
    byte[] document = problem.document(refusal.detail(), refusal.errors(), log(refusal));
    send(document, then);
  }

  private void send(byte[] body, IoCallback then) {
    exchange.setResponseContentLength(body.length);
    Completion completion = new Completion(then);
    exchange.getResponseSender().send(ByteBuffer.wrap(body), completion);
    closeIfUnread(body.length, completion.sent);
  }

  private void addHeaders(Problem problem) {
    if (problem.retryLater()) {
      exchange.getResponseHeaders().put(Headers.RETRY_AFTER, retryAfter(problem));
    }
    if (problem == Problem.METHOD_NOT_ALLOWED) {
      exchange.getResponseHeaders().put(Headers.ALLOW, ALLOWED_METHODS);
    }
    if (problem == Problem.UNSUPPORTED_ENCODING) {
      exchange.getResponseHeaders().put(Headers.ACCEPT_ENCODING, ContentEncoding.SUPPORTED);
    }
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, Problem.CONTENT_TYPE);
  }

  private void closeIfUnread(int documentBytes, boolean sent) {
    if (!exchange.isComplete() && exchange.getConnection().isOpen()) {
      UnreadAnswer.closeIfUnread(exchange, ingest, documentBytes, sent);
    }
  }

  /** Logs a refusal; returns the error id if the cause is in the service or the database. */
  private @Nullable String log(Refusal refusal) {
    Problem problem = refusal.problem();
    if (!problem.isOurs()) {
      log.info(
          "app {}: requests are refused: {} ({}){}{}",
          appId(),
          problem.reason(),
          problem.status(),
          RefusalReason.ofDatabase(refusal), // other constraints are no repeats
          RefusalReason.of(refusal, exchange.getRequestURI()));
      return null;
    }
    String id = ingest.errorIds().of(problem);
    log.atLevel(level(problem))
        .addKeyValue("error_id", id)
        .log(
            "error {}: app {}: {}: {} ({})",
            id,
            appId(),
            problem.reason(),
            refusal.reason(),
            problem.status());
    return id;
  }

  /** A stop is planned: what it refuses is no reason to look. */
  private static Level level(Problem problem) {
    if (problem == Problem.DRAINING) {
      return Level.INFO;
    }
    return problem.retryLater() ? Level.WARN : Level.ERROR;
  }

  private int retryAfter(Problem problem) {
    return problem == Problem.DRAINING ? 1 : ingest.budget().retryAfterSeconds();
  }

  private void addCorsHeaders() {
    if (app == null) {
      Cors.allowAnyPage(exchange);
    } else {
      Cors.addHeaders(app, exchange);
    }
  }

  /** Counts the request once, even if sending the answer fails and another one is tried. */
  private void count(int status) {
    if (!counted) {
      counted = true;
      long nanos = System.nanoTime() - HttpServer.firstByteNanos(exchange);
      ingest.metrics().requestAnswered(appId(), status, nanos);
      ingest.outages().answered(status, nanos);
    }
  }

  private String appId() {
    return app == null ? Metrics.UNKNOWN_APP : app.id();
  }
}
