package attolytics.http;

import attolytics.buffer.Ack;
import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.buffer.Ring;
import attolytics.decode.Decoded;
import attolytics.schema.App;
import attolytics.schema.CopyBuffer;
import io.undertow.io.IoCallback;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpContinue;
import io.undertow.util.Headers;
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

/**
 * One request from its headers to its answer. Lives on its connection's IO thread; only {@link
 * #settled} is called by a writer.
 */
final class IngestRequest implements Runnable, BodyReader.Receiver, Ack {
  private static final Logger log = LoggerFactory.getLogger(IngestRequest.class);
  private static final String UNKNOWN_APP = "unknown";
  private static final String BEARER = "Bearer ";

  private final HttpServerExchange exchange;
  private final Ingest ingest;
  private final Lane lane;
  private final @Nullable App app;
  private final @Nullable Refusal refusal;
  private @Nullable Batch batch;
  private int reserved;
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
      if (refused == null && rows.rowCount() > 0) {
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
      return judge(known, decoded);
    } catch (CopyBuffer.LimitExceededException e) {
      return Refusal.of(Problem.BODY_TOO_LARGE, "its rows are larger than the whole buffer");
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
    int bytes = rows.byteCount();
    if (!ingest.budget().tryReserve(bytes)) {
      return Refusal.of(Problem.BUFFER_FULL, null, events);
    }
    batch = rows;
    reserved = bytes;
    rows.accept(this, System.nanoTime());
    for (Ring ring : ingest.rings()) {
      if (ring.offer(rows)) {
        return null;
      }
    }
    batch = null;
    ingest.budget().release(bytes);
    return Refusal.of(Problem.BUFFER_FULL, null, events);
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
      stored();
    } else {
      refused(Refusal.of(problem, known.detail(), events), true);
    }
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
      exchange.getResponseHeaders().put(Headers.RETRY_AFTER, 1);
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
    byte[] document = problem.document(refused.detail(), refused.errors());
    exchange.getResponseSender().send(ByteBuffer.wrap(document), IoCallback.END_EXCHANGE);
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
    return app == null ? UNKNOWN_APP : app.id();
  }
}
