package attolytics.http;

import attolytics.buffer.Ack;
import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.decode.Arrival;
import attolytics.decode.Decoded;
import attolytics.decode.Decoder;
import attolytics.decode.Headers;
import attolytics.decode.LenientEvents;
import attolytics.encoding.CopyBuffer;
import attolytics.http.body.BodyReader;
import attolytics.http.body.BodyReceiver;
import attolytics.http.body.Framing;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import attolytics.http.server.HeadSize;
import attolytics.http.server.HttpServer;
import attolytics.http.server.RequestBytes;
import attolytics.schema.App;
import attolytics.schema.Quarantine;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpContinue;
import io.undertow.util.HeaderMap;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One request from its headers to its outcome: has its body read, decodes it, hands the rows to a
 * writer, and answers when the writer has settled them. On its connection's IO thread; only {@link
 * #settled} is called by a writer. Longer than other files, so that the walk of a request can be
 * read in one place.
 */
final class IngestRequest implements Runnable, BodyReceiver, Headers, Ack {
  static final HttpString IDEMPOTENCY_KEY = new HttpString("Idempotency-Key");

  private static final String NO_MEMORY = "no memory of --max_buffer is free for it";

  private final HttpServerExchange exchange;
  private final IngestContext ingest;
  private final IoThreadContext ioThread;
  private final @Nullable App app;
  private final @Nullable Refusal refusal;
  private final Responder responder;
  private @Nullable Batch batch; // once it is a writer's
  private @Nullable Outcome outcome;
  private Handling handling = Handling.STRICT;
  private @Nullable LenientEvents lenient; // if the request is handled leniently
  private @Nullable Refusal unlessRepeat; // while a writer looks its key up
  private @Nullable Instant receivedAt;
  private @Nullable String clientAddress;

  /** Links the requests that wait in {@link IoThreadContext} for their answer. */
  @Nullable IngestRequest nextSettled;

  /**
   * @param app null if the path names none
   * @param refusal if the request is refused because of its headers, else null
   */
  IngestRequest(
      HttpServerExchange exchange,
      IngestContext ingest,
      IoThreadContext ioThread,
      @Nullable App app,
      @Nullable Refusal refusal) {
    this.exchange = exchange;
    this.ingest = ingest;
    this.ioThread = ioThread;
    this.app = app;
    this.refusal = refusal;
    this.responder = new Responder(exchange, ingest, app);
  }

  @Override
  public void run() {
    Framing framing = Framing.of(exchange);
    if (framing == Framing.INVALID) {
      responder.refuse(refusal == null ? invalidFraming() : refusal, false);
    } else if (refusal != null && waitsForContinue()) {
      responder.refuse(refusal, false); // the client has not sent the body, and need not
    } else {
      if (refusal != null && isTooLong(refusal)) {
        responder.refuseBeforeBody(refusal);
      }
      new BodyReader(exchange, framing, ioThread.bodies(), !isPreflight(), refusal, this).start();
    }
  }

  private static Refusal invalidFraming() {
    return Refusal.of(
        Problem.MALFORMED_BODY,
        "the length of the body must be given by Content-Length or by Transfer-Encoding: chunked");
  }

  /** Whether the client should not send all of the body. */
  private boolean isTooLong(Refusal refused) {
    return refused.problem() == Problem.BODY_TOO_LARGE
        || exchange.getRequestContentLength() > BodyReader.MAX_DISCARDED_BYTES;
  }

  private boolean waitsForContinue() {
    return HttpContinue.requiresContinueResponse(exchange) && !RequestBytes.anyReadAhead(exchange);
  }

  private boolean isPreflight() {
    return exchange.getRequestMethod().equals(Methods.OPTIONS);
  }

  @Override
  public void received(byte[] bytes, int length) {
    try {
      if (isPreflight()) {
        responder.preflight();
      } else {
        ingest(bytes, length);
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  @Override
  public void refusedBeforeBody(Refusal refused) {
    responder.refuseBeforeBody(refused);
  }

  @Override
  public void refused(Refusal refused, boolean complete) {
    try {
      responder.refuse(refused, complete);
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  @Override
  public void failed(Throwable cause) {
    fail(cause);
  }

  private void fail(Throwable cause) {
    responder.fail(cause, batch == null ? Problem.INTERNAL_ERROR : Problem.OUTCOME_UNKNOWN);
  }

  /** Decodes the body, and hands the rows to a writer or refuses the request. */
  private void ingest(byte[] body, int length) {
    int headBytes = HeadSize.of(exchange);
    Batch rows = ioThread.takeBatch(length, headBytes);
    if (rows == null) {
      boolean never = ioThread.isTooLarge(length, headBytes);
      responder.refuse(
          never ? Refusal.tooLargeForBuffer() : Refusal.bufferFull(0, NO_MEMORY), true);
      return;
    }
    boolean published = false;
    int events;
    int quarantined;
    Refusal refused;
    try {
      refused = decode(body, length, rows);
      events = rows.rowCount(); // before the batch is the writer's
      quarantined = lenient == null ? 0 : lenient.quarantined();
      if (refused == null && (events > 0 || rows.key() != null)) {
        refused = publish(rows);
        published = refused == null;
      }
    } finally {
      ioThread.decoder().forget();
      if (!published) {
        ioThread.giveBack(rows);
      }
    }
    if (published) {
      // The batch is the writer's now; the answer follows when it is settled.
      ingest.metrics().eventsAccepted(Objects.requireNonNull(app).id(), events - quarantined);
    } else if (refused == null) {
      stored(0);
    } else {
      IdempotencyKey key = mayBeRepeat(refused) ? key(body, length) : null;
      if (key == null) {
        responder.refuse(refused, true);
      } else {
        lookUp(key, headBytes, refused);
      }
    }
  }

  /** Whether the first request may have been handled leniently, as there was room. */
  private boolean mayBeRepeat(Refusal refused) {
    return handling == Handling.STRICT_WHILE_FULL
        && (refused.problem() == Problem.INVALID_EVENTS
            || refused.problem() == Problem.UNKNOWN_TABLE);
  }

  /** Has a writer look the key up, with little memory, and refuses the request if it is unknown. */
  private void lookUp(IdempotencyKey key, int headBytes, Refusal unlessKnown) {
    Batch noRows = ioThread.takeBatch(0, headBytes + unlessKnown.heapBytes());
    boolean published = false;
    if (noRows != null) {
      noRows.lookUp(key);
      unlessRepeat = unlessKnown;
      published = publish(noRows) == null;
      if (!published) {
        ioThread.giveBack(noRows);
      }
    }
    if (!published) {
      responder.refuse(Refusal.bufferFull(unlessKnown.events(), NO_MEMORY), true);
    }
  }

  /** Decodes the body into rows, or says why it is refused. */
  private @Nullable Refusal decode(byte[] body, int length, Batch rows) {
    App known = Objects.requireNonNull(app);
    String bearer = BearerToken.of(exchange.getRequestHeaders());
    handling = Handling.of(preference(), known, ingest.quarantineIsFull());
    RequestCheck check = new RequestCheck(ingest.maxRows(), handling);
    if (bearer != null && !known.accepts(bearer)) {
      return check.refusal(ioThread.decoder().skim(known, body, length), true, false);
    }
    try {
      Decoded decoded = decode(known, body, length, rows, bearer != null);
      Refusal refused = check.refusal(decoded, bearer != null, true);
      if (refused == null) {
        lenient = decoded.lenient();
        IdempotencyKey key = key(body, length);
        if (key != null) {
          rows.identify(key);
        }
      }
      return refused;
    } catch (CopyBuffer.LimitExceededException e) {
      // A client without the secret key must not learn whether its tables exist.
      Decoded skimmed = ioThread.decoder().skim(known, body, length);
      Refusal refused = check.refusal(skimmed, bearer != null, true);
      return refused != null ? refused : rowsTooLarge(e, rows, skimmed.events());
    }
  }

  private static Refusal rowsTooLarge(CopyBuffer.LimitExceededException e, Batch rows, int events) {
    return e.isTemporary() && !rows.isOutgrown()
        ? Refusal.bufferFull(events, NO_MEMORY)
        : Refusal.of(
            Problem.BODY_TOO_LARGE,
            "the rows of the request need more memory than the buffer has",
            events);
  }

  /** The first value of a header, or the client's address, for a column that is filled from it. */
  @Override
  public @Nullable String first(String name) {
    return name.equals(Quarantine.CLIENT_IP)
        ? clientAddress()
        : exchange.getRequestHeaders().getFirst(name);
  }

  private String clientAddress() {
    if (clientAddress == null) {
      clientAddress =
          ClientAddress.of(
              exchange.getSourceAddress().getAddress(),
              exchange.getRequestHeaders().get(io.undertow.util.Headers.X_FORWARDED_FOR),
              ingest.trustedProxies());
    }
    return clientAddress;
  }

  @Override
  public Instant receivedAt() {
    if (receivedAt == null) {
      long age = System.nanoTime() - HttpServer.firstByteNanos(exchange);
      receivedAt = ingest.clock().instant().minusNanos(age);
    }
    return receivedAt;
  }

  private Decoded decode(App known, byte[] body, int length, Batch rows, boolean keyShown) {
    Decoder decoder = ioThread.decoder();
    return handling.isLenient()
        ? decoder.decodeLeniently(known, body, length, this, rows, arrival(), keyShown)
        : decoder.decode(known, body, length, this, rows, keyShown);
  }

  private Arrival arrival() {
    return new Arrival(receivedAt(), idempotencyKey());
  }

  private @Nullable IdempotencyKey key(byte[] body, int length) {
    String key = idempotencyKey();
    if (key == null) {
      return null;
    }
    byte[] fingerprint = ioThread.fingerprint(body, length, preference());
    return new IdempotencyKey(Objects.requireNonNull(app).id(), key, fingerprint);
  }

  private @Nullable Preference preference() {
    return Preference.of(exchange.getRequestHeaders());
  }

  private @Nullable String idempotencyKey() {
    return idempotencyKey(exchange.getRequestHeaders());
  }

  /** The Idempotency-Key as text, or null. */
  static @Nullable String idempotencyKey(HeaderMap headers) {
    String key = headers.getFirst(IDEMPOTENCY_KEY);
    return key == null ? null : Headers.text(key);
  }

  private @Nullable Refusal publish(Batch rows) {
    int events = rows.rowCount();
    batch = rows;
    rows.setSource(System.identityHashCode(exchange.getConnection()));
    rows.accept(this, System.nanoTime());
    if (ioThread.offer(rows)) {
      return null;
    }
    batch = null;
    return Refusal.bufferFull(events, "no room for its rows in the ring buffer");
  }

  @Override
  public void settled(Outcome settledAs) {
    outcome = settledAs;
    ioThread.settled(this);
  }

  /** Answers with the outcome that {@link #settled} was called with. Does not throw. */
  void answerSettled() {
    try {
      Batch rows = Objects.requireNonNull(batch);
      Outcome known = Objects.requireNonNull(outcome);
      int events = unlessRepeat == null ? rows.rowCount() : unlessRepeat.events();
      int duplicates = rows.duplicates();
      ioThread.giveBack(rows);
      OutcomeCheck check = new OutcomeCheck(handling, preference(), unlessRepeat);
      Refusal refused = check.refusal(known, events);
      if (refused != null) {
        responder.refuse(refused, true);
      } else if (known.kind() == Outcome.Kind.REPLAYED) {
        responder.replayed(events, known.detail());
      } else {
        stored(duplicates);
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void stored(int duplicates) {
    if (lenient == null) {
      responder.stored(null);
    } else {
      String id = Objects.requireNonNull(app).id();
      lenient.forEachCode((code, count) -> ingest.metrics().eventsQuarantined(id, code, count));
      responder.stored(lenient.answer(duplicates));
    }
  }
}
