package attolytics.http;

import attolytics.buffer.Ack;
import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.decode.Decoded;
import attolytics.decode.EventError;
import attolytics.metrics.Metrics;
import attolytics.schema.App;
import attolytics.schema.CopyBuffer;
import io.undertow.io.IoCallback;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpContinue;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One request from its headers to its answer. Lives on its connection's IO thread; only {@link
 * #settled} is called by a writer.
 */
final class IngestRequest implements Runnable, BodyReader.Receiver, Ack {
  private static final Logger log = LoggerFactory.getLogger(IngestRequest.class);
  private static final String BEARER = "Bearer ";
  static final HttpString IDEMPOTENCY_KEY = new HttpString("Idempotency-Key");
  private static final HttpString IDEMPOTENCY_REPLAYED = new HttpString("Idempotency-Replayed");

  /** What a waiting request takes besides its rows, roughly. */
  private static final int OVERHEAD_BYTES = 2048;

  private final HttpServerExchange exchange;
  private final Ingest ingest;
  private final Lane lane;
  private final @Nullable App app;
  private final @Nullable Refusal refusal;
  private @Nullable Batch batch;
  private long reserved;
  private @Nullable Outcome outcome;

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
    if (refusal != null && HttpContinue.requiresContinueResponse(exchange)) {
      refused(refusal, false); // the client asked before it sends a body: spare it
    } else {
      new BodyReader(exchange, lane, ingest.limits(), ingest.budget(), refusal, this).start();
    }
  }

  @Override
  public void received(byte[] bytes, int length) {
    Batch rows = lane.takeBatch();
    try {
      Refusal refused = take(bytes, length, rows);
      if (refused == null && (rows.rowCount() > 0 || rows.key() != null)) {
        refused = publish(rows);
        if (refused == null) {
          return; // it belongs to a writer now, and is answered when that has settled it
        }
      }
      lane.giveBack(rows);
      if (refused == null) {
        stored();
      } else {
        refused(refused, true);
      }
    } catch (RuntimeException | StackOverflowError e) {
      log.error("A request failed for a reason of our own", e);
      refused(Refusal.of(Problem.INTERNAL_ERROR, null), true);
    }
  }

  /** Decodes the body into rows, or says why it is refused: the first of what is wrong with it. */
  private @Nullable Refusal take(byte[] bytes, int length, Batch rows) {
    byte[] body = bytes;
    int bodyLength = length;
    if (isCompressed()) {
      try {
        body = inflate(bytes, length);
        bodyLength = body.length;
      } catch (IOException e) {
        return Refusal.of(Problem.MALFORMED_BODY, "the body is not gzip, or is cut short");
      }
      if (bodyLength > ingest.limits().maxBody()) {
        return BodyReader.tooLarge(ingest.limits());
      }
    }
    App known = Objects.requireNonNull(app);
    try {
      Decoded decoded =
          lane.decoder()
              .decode(
                  known,
                  body,
                  bodyLength,
                  name -> exchange.getRequestHeaders().getFirst(name),
                  rows);
      Refusal refused = judge(known, decoded);
      if (refused == null) {
        identify(known, body, bodyLength, rows);
      }
      return refused;
    } catch (CopyBuffer.LimitExceededException e) {
      return Refusal.of(Problem.BODY_TOO_LARGE, "its rows are larger than the whole buffer");
    }
  }

  private void identify(App known, byte[] body, int bodyLength, Batch rows) {
    String key = exchange.getRequestHeaders().getFirst(IDEMPOTENCY_KEY);
    if (key != null) {
      rows.identify(new IdempotencyKey(known.id(), key, lane.fingerprint(body, bodyLength)));
    }
  }

  private @Nullable Refusal judge(App known, Decoded decoded) {
    int events = decoded.events();
    if (decoded.malformed() != null) {
      return Refusal.of(Problem.MALFORMED_BODY, decoded.malformed(), events);
    }
    String bearer = bearer();
    String key = decoded.secretKey();
    if (decoded.misshapen() != null) {
      return Refusal.of(Problem.INVALID_REQUEST, decoded.misshapen(), events);
    }
    if (key == null && bearer == null) {
      return Refusal.of(
          Problem.INVALID_REQUEST,
          "secret_key is missing; the header Authorization: Bearer may stand in for it",
          events);
    }
    boolean keyRight = key == null || known.accepts(key);
    boolean bearerRight = bearer == null || known.accepts(bearer);
    if (!keyRight || !bearerRight) {
      return Refusal.of(Problem.WRONG_SECRET_KEY, null, events);
    }
    if (decoded.foreignTable() != null) {
      return Refusal.of(Problem.UNKNOWN_TABLE, decoded.foreignTable(), events);
    }
    if (decoded.anyEventBad()) {
      return new Refusal(
          Problem.INVALID_EVENTS,
          "nothing of the request is stored",
          List.copyOf(decoded.errors()),
          events);
    }
    return null;
  }

  private @Nullable String bearer() {
    String authorization = exchange.getRequestHeaders().getFirst(Headers.AUTHORIZATION);
    return authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? authorization.substring(BEARER.length()).trim()
        : null;
  }

  private boolean isCompressed() {
    String encoding = exchange.getRequestHeaders().getFirst(Headers.CONTENT_ENCODING);
    return encoding != null && encoding.toLowerCase(Locale.ROOT).endsWith("gzip");
  }

  /** At most one byte more than a body may have. */
  private byte[] inflate(byte[] bytes, int length) throws IOException {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes, 0, length), 4096)) {
      return in.readNBytes(ingest.limits().maxBody() + 1);
    }
  }

  private @Nullable Refusal publish(Batch rows) {
    int events = rows.rowCount();
    if (events > ingest.maxRows()) {
      return Refusal.of(
          Problem.BODY_TOO_LARGE, "a request may have " + ingest.maxRows() + " events", events);
    }
    long bytes = Math.min(bytesHeld(rows), ingest.budget().capacity());
    if (!ingest.budget().tryReserve(bytes)) {
      return Refusal.of(Problem.BUFFER_FULL, null, events);
    }
    batch = rows;
    reserved = bytes;
    rows.comeFrom(System.identityHashCode(exchange.getConnection()));
    rows.accept(this, System.nanoTime());
    if (lane.offer(rows, ingest.rings())) {
      ingest.metrics().eventsAccepted(appId(), events);
      return null;
    }
    batch = null;
    ingest.budget().release(bytes);
    return Refusal.of(Problem.BUFFER_FULL, null, events);
  }

  /** The memory of a request that waits; what a batch has had before and keeps is not its fault. */
  private static long bytesHeld(Batch rows) {
    return Math.min(rows.rows().capacity(), 2L * rows.byteCount()) + OVERHEAD_BYTES;
  }

  @Override
  public void settled(Outcome settledAs) {
    outcome = settledAs;
    lane.settled(this);
  }

  /** Answers what {@link #settled} was told. */
  void answerSettled() {
    Batch rows = Objects.requireNonNull(batch);
    Outcome known = Objects.requireNonNull(outcome);
    int events = rows.rowCount();
    ingest.budget().release(reserved);
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
    count(200);
    exchange.endExchange();
  }

  @Override
  public void refused(Refusal refused, boolean complete) {
    Problem problem = refused.problem();
    exchange.setStatusCode(problem.status());
    addCorsHeaders();
    if (problem.retryLater()) {
      exchange.getResponseHeaders().put(Headers.RETRY_AFTER, retryAfter(problem));
    }
    if (problem == Problem.METHOD_NOT_ALLOWED) {
      exchange.getResponseHeaders().put(Headers.ALLOW, "POST, OPTIONS");
    }
    if (problem == Problem.UNSUPPORTED_ENCODING) {
      exchange.getResponseHeaders().put(Headers.ACCEPT_ENCODING, "gzip");
    }
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, Problem.CONTENT_TYPE);
    if (!complete || problem == Problem.DRAINING) {
      exchange.setPersistent(false);
    }
    count(problem.status());
    ingest.metrics().eventsRejected(appId(), problem.reason(), refused.events());
    byte[] document = problem.document(refused.detail(), refused.errors(), log(problem));
    exchange.getResponseSender().send(ByteBuffer.wrap(document), IoCallback.END_EXCHANGE);
  }

  /** A line in the log, and the id that tells it from others if it is of our own trouble. */
  private @Nullable String log(Problem problem) {
    if (!problem.isOurs()) {
      log.info(
          "app {}: requests are refused: {} ({})", appId(), problem.reason(), problem.status());
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

  private void count(int status) {
    long nanos = System.nanoTime() - exchange.getRequestStartTime();
    ingest.metrics().requestAnswered(appId(), status, nanos);
  }

  private String appId() {
    return app == null ? Metrics.UNKNOWN_APP : app.id();
  }
}
