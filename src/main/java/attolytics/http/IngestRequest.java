package attolytics.http;

import attolytics.buffer.Ack;
import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.decode.Decoded;
import attolytics.decode.EventError;
import attolytics.encoding.CopyBuffer;
import attolytics.metrics.Metrics;
import attolytics.schema.App;
import io.undertow.io.IoCallback;
import io.undertow.io.Sender;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpContinue;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * One request from its headers to its answer. Lives on its connection's IO thread; only {@link
 * #settled} is called by a writer.
 */
final class IngestRequest implements Runnable, BodyReader.Receiver, attolytics.decode.Headers, Ack {
  private static final Logger log = LoggerFactory.getLogger(IngestRequest.class);
  static final HttpString IDEMPOTENCY_KEY = new HttpString("Idempotency-Key");
  private static final HttpString IDEMPOTENCY_REPLAYED = new HttpString("Idempotency-Replayed");
  private static final String ALLOWED_METHODS = "POST, OPTIONS";
  private static final String BEARER = "Bearer";

  private static final IoCallback CLOSE_ON_ERROR =
      new IoCallback() {
        @Override
        public void onComplete(HttpServerExchange exchange, Sender sender) {}

        @Override
        public void onException(HttpServerExchange exchange, Sender sender, IOException e) {
          IoUtils.safeClose(exchange.getConnection());
        }
      };

  private final HttpServerExchange exchange;
  private final Ingest ingest;
  private final Lane lane;
  private final @Nullable App app;
  private final @Nullable Refusal refusal;
  private @Nullable Batch batch;
  private @Nullable Outcome outcome;
  private boolean counted;
  private boolean told; // the answer, before the body was read
  private boolean written; // the answer, all of it
  private int unreadBytes; // of the budget, for an answer that the client does not read
  private XnioExecutor.@Nullable Key hangUp; // ends the wait for the client to read the answer

  /** Links the requests that wait in {@link Lane} for their answer. */
  @Nullable IngestRequest nextSettled;

  /**
   * @param app null if the path names none
   * @param refusal if the headers are reason enough to refuse it, else null
   */
  IngestRequest(
      HttpServerExchange exchange,
      Ingest ingest,
      Lane lane,
      @Nullable App app,
      @Nullable Refusal refusal) {
    this.exchange = exchange;
    this.ingest = ingest;
    this.lane = lane;
    this.app = app;
    this.refusal = refusal;
  }

  @Override
  public void run() {
    Framing framing = Framing.of(exchange);
    if (framing == Framing.UNSOUND) {
      refused(refusal == null ? unsound() : refusal, false);
    } else if (refusal != null && waitsForContinue()) {
      refused(refusal, false); // the client asked before it sends a body: spare it
    } else {
      if (refusal != null && refusal.problem() == Problem.BODY_TOO_LARGE) {
        tellBeforeBody(refusal);
      }
      new BodyReader(
              exchange, framing, lane, ingest.limits().maxBody(), !isPreflight(), refusal, this)
          .start();
    }
  }

  /**
   * Answers at once what the headers say would be too much. What comes of the body all the same is
   * still read for a while, or closing the connection would take the answer away with it.
   */
  private void tellBeforeBody(Refusal refused) {
    told = true;
    exchange.setPersistent(false);
    tell(refused, CLOSE_ON_ERROR);
  }

  @Override
  public void refusedEarly(Refusal refused) {
    if (!told) {
      tellBeforeBody(refused);
    }
  }

  private static Refusal unsound() {
    return Refusal.of(
        Problem.MALFORMED_BODY, "where the body ends is told by Content-Length or by chunks");
  }

  private boolean waitsForContinue() {
    return HttpContinue.requiresContinueResponse(exchange)
        && ((HttpServerConnection) exchange.getConnection()).getExtraBytes() == null;
  }

  private boolean isPreflight() {
    return exchange.getRequestMethod().equals(Methods.OPTIONS);
  }

  @Override
  public boolean received(byte[] bytes, int length, boolean inTurn) {
    if (isPreflight()) {
      preflightAnswered();
    } else if (isCompressed()) {
      return inflated(bytes, length, inTurn);
    } else {
      read(bytes, length);
    }
    return true;
  }

  /** Reads a compressed body; false if it is too large for now. */
  private boolean inflated(byte[] bytes, int length, boolean inTurn) {
    int maxBody = ingest.limits().maxBody();
    int max = inTurn ? maxBody : Math.min(maxBody, BodyReader.LARGE);
    Gzip gzip = lane.gzip();
    try {
      int inflated = gzip.inflate(bytes, length, max);
      if (inflated <= max) {
        read(gzip.bytes(), inflated);
      } else if (max == maxBody) {
        refused(BodyReader.tooLarge(maxBody), true);
      } else {
        return false;
      }
    } catch (IOException e) {
      refused(Refusal.of(Problem.MALFORMED_BODY, "the body is not gzip, or not all of it"), true);
    } finally {
      gzip.forget();
    }
    return true;
  }

  /** Reads the body, which has no encoding any more, and answers or hands the rows over. */
  private void read(byte[] bytes, int length) {
    int headBytes = HeadSize.of(exchange);
    Batch rows = lane.takeBatch(length, headBytes);
    if (rows == null) {
      boolean never = lane.isTooLarge(length, headBytes);
      refused(never ? BodyReader.tooLargeForBuffer() : Refusal.of(Problem.BUFFER_FULL, null), true);
      return;
    }
    boolean published = false;
    int events;
    Refusal refused;
    try {
      refused = decode(bytes, length, rows);
      events = rows.rowCount(); // before the batch is the writer's
      if (refused == null && (events > 0 || rows.key() != null)) {
        refused = publish(rows);
        published = refused == null;
      }
    } finally {
      if (!published) {
        lane.giveBack(rows);
      }
    }
    if (published) {
      // It belongs to a writer now, and is answered when that has settled it.
      ingest.metrics().eventsAccepted(appId(), events);
    } else if (refused == null) {
      stored();
    } else {
      refused(refused, true);
    }
  }

  @Override
  public void failed(Throwable cause) {
    String id = ingest.errorIds().of(Problem.INTERNAL_ERROR);
    log.error("error {}: a request failed for a reason of our own", id, cause);
    try {
      if (!exchange.isResponseStarted()) {
        boolean retry = cause instanceof OutOfMemoryError;
        refused(Refusal.of(retry ? Problem.BUFFER_FULL : Problem.INTERNAL_ERROR, null), false);
        return;
      }
    } catch (RuntimeException | Error e) {
      log.debug("Nor could that be told to the client", e);
    }
    IoUtils.safeClose(exchange.getConnection());
  }

  /** Decodes the body into rows, or says why it is refused: the first of what is wrong with it. */
  private @Nullable Refusal decode(byte[] body, int length, Batch rows) {
    App known = Objects.requireNonNull(app);
    String bearer = bearer();
    if (bearer != null && !known.accepts(bearer)) {
      return judge(lane.decoder().skim(known, body, length), true, false);
    }
    try {
      Decoded decoded = lane.decoder().decode(known, body, length, this, rows);
      Refusal refused = judge(decoded, bearer != null, true);
      if (refused == null) {
        identify(known, body, length, rows);
      }
      return refused;
    } catch (CopyBuffer.LimitExceededException e) {
      // Of rows, and so of tables, only who has the key may learn.
      Refusal refused = judge(lane.decoder().skim(known, body, length), bearer != null, true);
      return refused != null ? refused : outgrown(e, rows);
    }
  }

  private static Refusal outgrown(CopyBuffer.LimitExceededException e, Batch rows) {
    return e.isTemporary() && !rows.isOutgrown()
        ? Refusal.of(Problem.BUFFER_FULL, null)
        : Refusal.of(Problem.BODY_TOO_LARGE, "its rows need more memory than the buffer has");
  }

  /** The first value of a header, for a column that is filled from it. */
  @Override
  public @Nullable String first(String name) {
    return exchange.getRequestHeaders().getFirst(name);
  }

  private void identify(App known, byte[] body, int bodyLength, Batch rows) {
    String key = exchange.getRequestHeaders().getFirst(IDEMPOTENCY_KEY);
    if (key != null) {
      rows.identify(new IdempotencyKey(known.id(), key, lane.fingerprint(body, bodyLength)));
    }
  }

  private @Nullable Refusal judge(Decoded decoded, boolean hasBearer, boolean bearerRight) {
    int events = decoded.events();
    if (events > ingest.maxRows()) {
      return Refusal.of(
          Problem.BODY_TOO_LARGE, "a request may have " + ingest.maxRows() + " events", events);
    }
    if (decoded.malformed() != null) {
      return Refusal.of(Problem.MALFORMED_BODY, decoded.malformed(), events);
    }
    if (decoded.invalidShape() != null) {
      return Refusal.of(Problem.INVALID_REQUEST, decoded.invalidShape(), events);
    }
    if (decoded.secretKey() == null && !hasBearer) {
      return Refusal.of(
          Problem.INVALID_REQUEST,
          "secret_key is missing; the header Authorization: Bearer may stand in for it",
          events);
    }
    if (decoded.wrongSecretKey() || !bearerRight) {
      return Refusal.of(Problem.WRONG_SECRET_KEY, null, events);
    }
    if (decoded.unknownTable() != null) {
      return Refusal.of(Problem.UNKNOWN_TABLE, decoded.unknownTable(), events);
    }
    if (decoded.anyEventInvalid()) {
      return new Refusal(
          Problem.INVALID_EVENTS,
          "nothing of the request is stored",
          List.copyOf(decoded.errors()),
          events);
    }
    return null;
  }

  /** The key of the Authorization header, or null if there is none, or of another scheme. */
  private @Nullable String bearer() {
    String authorization = exchange.getRequestHeaders().getFirst(Headers.AUTHORIZATION);
    int scheme = BEARER.length();
    if (authorization == null
        || !authorization.regionMatches(true, 0, BEARER, 0, scheme)
        || (authorization.length() > scheme && authorization.charAt(scheme) != ' ')) {
      return null;
    }
    // A header's characters are bytes, and the key is text.
    byte[] key = authorization.substring(scheme).trim().getBytes(StandardCharsets.ISO_8859_1);
    return new String(key, StandardCharsets.UTF_8);
  }

  private boolean isCompressed() {
    String encoding = exchange.getRequestHeaders().getFirst(Headers.CONTENT_ENCODING);
    return encoding != null && ContentEncoding.isGzip(encoding);
  }

  private @Nullable Refusal publish(Batch rows) {
    int events = rows.rowCount();
    batch = rows;
    rows.comeFrom(System.identityHashCode(exchange.getConnection()));
    rows.accept(this, System.nanoTime());
    if (lane.offer(rows)) {
      return null;
    }
    batch = null;
    return Refusal.of(Problem.BUFFER_FULL, null, events);
  }

  @Override
  public void settled(Outcome settledAs) {
    outcome = settledAs;
    lane.settled(this);
  }

  /** Answers what {@link #settled} was told. */
  void answerSettled() {
    try {
      Batch rows = Objects.requireNonNull(batch);
      Outcome known = Objects.requireNonNull(outcome);
      int events = rows.rowCount();
      lane.giveBack(rows);
      Problem problem = Problem.of(known.kind());
      if (problem == null) {
        if (known.kind() == Outcome.Kind.REPLAYED) {
          exchange.getResponseHeaders().put(IDEMPOTENCY_REPLAYED, "true");
          ingest.metrics().duplicatesSuppressed(appId(), events);
        }
        stored();
      } else {
        refused(new Refusal(problem, known.detail(), errors(known), events), true);
      }
    } catch (RuntimeException | Error e) {
      failed(e); // and let the others that were settled with it be answered
    }
  }

  /** The event that the database refused, where it is known. */
  private static List<EventError> errors(Outcome known) {
    int event = known.event();
    String detail = known.detail();
    return event == Outcome.NO_EVENT || detail == null
        ? List.of()
        : List.of(new EventError(event, "/events/" + event, "refused_by_database", detail));
  }

  private void stored() {
    addCorsHeaders();
    count(StatusCodes.OK);
    exchange.endExchange();
    hurryUp(0);
  }

  private void preflightAnswered() {
    addCorsHeaders();
    Cors.addPreflightHeaders(exchange);
    exchange.setStatusCode(StatusCodes.NO_CONTENT);
    exchange.getResponseHeaders().put(Headers.ALLOW, ALLOWED_METHODS);
    count(StatusCodes.NO_CONTENT);
    exchange.endExchange();
    hurryUp(0);
  }

  @Override
  public void refused(Refusal refused, boolean complete) {
    if (told) {
      exchange.endExchange();
      return;
    }
    if (!complete || refused.problem() == Problem.DRAINING) {
      exchange.setPersistent(false);
    }
    tell(refused, IoCallback.END_EXCHANGE);
  }

  private void tell(Refusal refused, IoCallback then) {
    Problem problem = refused.problem();
    exchange.setStatusCode(problem.status());
    addCorsHeaders();
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
    count(problem.status());
    ingest.metrics().requestRefused(appId(), problem.reason());
    ingest.metrics().eventsRejected(appId(), problem.reason(), refused.events());
    byte[] document = problem.document(refused.detail(), refused.errors(), log(refused));
    exchange.setResponseContentLength(document.length);
    exchange.getResponseSender().send(ByteBuffer.wrap(document), written(then));
    hurryUp(document.length);
  }

  private IoCallback written(IoCallback then) {
    return new IoCallback() {
      @Override
      public void onComplete(HttpServerExchange answered, Sender sender) {
        written = true;
        then.onComplete(answered, sender);
      }

      @Override
      public void onException(HttpServerExchange failed, Sender sender, IOException e) {
        then.onException(failed, sender, e);
      }
    };
  }

  /**
   * A client that does not read its answer keeps memory for it only so long, and as much as the
   * budget has: else the connection is closed.
   */
  private void hurryUp(int documentBytes) {
    if (exchange.isComplete() || !exchange.getConnection().isOpen()) {
      return;
    }
    HeadSize.forget(exchange);
    if (!written) {
      int bytes = Batch.OVERHEAD_BYTES + exchange.getConnection().getBufferSize() + documentBytes;
      if (!ingest.bodyBudget().tryReserve(bytes)) {
        IoUtils.safeClose(exchange.getConnection());
        return;
      }
      unreadBytes = bytes;
    }
    UnreadAnswer unread = UnreadAnswer.of(exchange.getConnection());
    unread.isOf(this);
    exchange.addExchangeCompleteListener(
        (completed, next) -> {
          unread.isOf(null);
          noLongerUnread();
          next.proceed();
        });
    hangUp =
        exchange
            .getIoThread()
            .executeAfter(
                this::hangUpUnlessAnswered,
                ingest.limits().idleTimeout().toMillis(),
                TimeUnit.MILLISECONDS);
  }

  private void hangUpUnlessAnswered() {
    noLongerUnread();
    if (!exchange.isComplete()) {
      IoUtils.safeClose(exchange.getConnection());
    }
  }

  /** Its timer would keep the request until it is due, and clients can be fast at making more. */
  void noLongerUnread() {
    if (hangUp != null) {
      hangUp.remove();
      hangUp = null;
    }
    ingest.bodyBudget().release(unreadBytes);
    unreadBytes = 0;
  }

  /** A line in the log, and the id that tells it from others if it is of our own trouble. */
  private @Nullable String log(Refusal refused) {
    Problem problem = refused.problem();
    if (!problem.isOurs()) {
      log.info(
          "app {}: requests are refused: {} ({}){}",
          appId(),
          problem.reason(),
          problem.status(),
          RefusalReason.of(refused, exchange.getRequestURI()));
      return null;
    }
    String id = ingest.errorIds().of(problem);
    log.atLevel(problem.retryLater() ? Level.WARN : Level.ERROR)
        .addKeyValue("error_id", id)
        .log("error {}: app {}: {} ({})", id, appId(), problem.reason(), problem.status());
    return id;
  }

  private int retryAfter(Problem problem) {
    return problem == Problem.DRAINING ? 1 : ingest.budget().retryAfterSeconds();
  }

  private void addCorsHeaders() {
    if (app != null) {
      Cors.addHeaders(app, exchange);
    }
  }

  /** Once, even if answering then fails and is tried in another way. */
  private void count(int status) {
    if (!counted) {
      counted = true;
      long nanos = System.nanoTime() - exchange.getRequestStartTime();
      ingest.metrics().requestAnswered(appId(), status, nanos);
    }
  }

  private String appId() {
    return app == null ? Metrics.UNKNOWN_APP : app.id();
  }
}
