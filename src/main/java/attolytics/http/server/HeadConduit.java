package attolytics.http.server;

import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.ExchangeCompletionListener;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpServerConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;
import org.xnio.conduits.AbstractStreamSourceConduit;
import org.xnio.conduits.StreamSinkConduit;
import org.xnio.conduits.StreamSourceConduit;

/**
 * The source conduit of a connection. Tracks whether the connection is in the middle of a request's
 * head (request line and headers), which Undertow reads and keeps before a handler sees the
 * request.
 */
final class HeadConduit extends AbstractStreamSourceConduit<StreamSourceConduit>
    implements ExchangeCompletionListener {
  private static final String TOO_SLOW =
      "the headers arrived too slowly, and more connections than allowed were in the middle of"
          + " theirs; send the request again";

  private static final Refusal TOO_MANY_HEADS =
      Refusal.bufferFull(0, "more connections than allowed were in the middle of their headers");

  private static final Refusal BAD_PERCENT_ENCODING =
      Refusal.of(
          Problem.UNKNOWN_PATH,
          "the path is not correctly percent-encoded; " + Problem.UNKNOWN_PATH.advice());

  private static final Refusal TLS =
      Refusal.of(
          Problem.MALFORMED_REQUEST,
          "this looks like the start of a TLS connection, and this port speaks plain HTTP; use"
              + " http://, or have a proxy in front terminate TLS");

  private static final Refusal TOO_LARGE =
      Refusal.of(
          Problem.MALFORMED_REQUEST,
          "the request line and the headers are larger than "
              + (HttpServer.MAX_HEAD_BYTES >> 10)
              + " KiB; send fewer or shorter ones, of cookies for example");

  private static final Refusal CONTRADICTORY =
      Refusal.of(
          Problem.MALFORMED_REQUEST,
          "the headers are complete, but Host is missing, invalid or there twice, or there are two"
              + " Content-Length, or one beside Transfer-Encoding; or the request is neither"
              + " HTTP/1.1 nor HTTP/1.0");

  private static final Refusal UNREADABLE =
      Refusal.of(
          Problem.MALFORMED_REQUEST,
          "the request line or a header is not valid HTTP/1.1 (RFC 9112), Host is missing, or there are"
              + " more than "
              + HttpServer.MAX_HEADERS
              + " headers or "
              + HttpServer.MAX_PARAMETERS
              + " query parameters");

  private static final int TLS_HANDSHAKE = 22;
  private static final int TLS_MAJOR_VERSION = 3;

  private final StreamConnection connection;
  private final StreamSinkConduit sink;
  private final PartialHeads partialHeads;
  private final Function<Refusal, @Nullable String> refused;
  private boolean inHead = true; // otherwise between the head and the end of the answer
  private boolean begun; // a part of the head has arrived
  private long firstByteNanos; // when the head began
  private long lastReadNanos;
  private boolean othersFirst; // before more is read
  private @Nullable ByteBuffer latest; // the buffer that Undertow parses the head from
  private long headBytes; // read since the head began, with what follows it in that buffer

  private HeadConduit(
      StreamConnection connection,
      PartialHeads partialHeads,
      Function<Refusal, @Nullable String> refused) {
    super(connection.getSourceChannel().getConduit());
    this.connection = connection;
    this.sink = connection.getSinkChannel().getConduit();
    this.partialHeads = partialHeads;
    this.refused = refused;
  }

  /**
   * Installs one on a new connection.
   *
   * @param refused called when a request is refused before a handler sees it; returns the error id,
   *     if the answer is to have one
   */
  static HeadConduit install(
      StreamConnection connection,
      PartialHeads partialHeads,
      Function<Refusal, @Nullable String> refused) {
    HeadConduit head = new HeadConduit(connection, partialHeads, refused);
    connection.getSourceChannel().setConduit(head);
    connection
        .getSinkChannel()
        .setConduit(new HeadAnswerConduit(head.sink, head, head::answerInsteadOfUndertows));
    return head;
  }

  /** Whether the head is incomplete, so that no handler has seen the request. */
  boolean isInHead() {
    return inHead;
  }

  private byte[] answerInsteadOfUndertows() {
    Refusal refusal = refusalOfHead();
    return HeadAnswerConduit.answer(refusal.problem(), refusal.detail(), refused.apply(refusal));
  }

  private Refusal refusalOfHead() {
    if (startsLikeTls()) {
      return TLS;
    }
    if (stoppedInPathAtPercent()) {
      return BAD_PERCENT_ENCODING;
    }
    if (latest != null && headBytes - latest.remaining() > HttpServer.MAX_HEAD_BYTES) {
      return TOO_LARGE;
    }
    return stoppedAfterEmptyLine() ? CONTRADICTORY : UNREADABLE;
  }

  /** Whether Undertow has read the whole head, as far as the newest buffer shows. */
  private boolean stoppedAfterEmptyLine() {
    if (latest == null || latest.position() < 3) {
      return false;
    }
    int end = latest.position();
    int before = latest.get(end - 2) == '\r' ? end - 3 : end - 2;
    return latest.get(end - 1) == '\n' && latest.get(before) == '\n';
  }

  /**
   * Whether the head begins as a record with a ClientHello does.
   *
   * @see <a href="https://www.rfc-editor.org/rfc/rfc8446#section-5.1">RFC 8446, 5.1</a>
   */
  private boolean startsLikeTls() {
    return latest != null
        && latest.limit() > 1
        && latest.get(0) == TLS_HANDSHAKE
        && latest.get(1) == TLS_MAJOR_VERSION;
  }

  /**
   * Whether Undertow has stopped in the path, where two hexadecimal digits should follow a percent
   * sign.
   */
  private boolean stoppedInPathAtPercent() {
    if (latest == null) {
      return false;
    }
    int stop = latest.position() - 1;
    int at = isPercent(stop - 1) ? stop - 1 : stop - 2;
    if (!isPercent(at)) {
      return false;
    }
    while (at > 0 && latest.get(at) > ' ' && latest.get(at) != '?') {
      at--;
    }
    return latest.get(at) == ' ';
  }

  private boolean isPercent(int at) {
    return latest != null && at > 0 && latest.get(at) == '%';
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (othersFirst) {
      othersFirst = false;
      if (inHead) {
        partialHeads.add(this);
      }
      return 0;
    }
    int count = super.read(target);
    if (count > 0) {
      lastReadNanos = System.nanoTime();
    }
    if (inHead && !begun && count > 0) {
      count -= dropLeadingLineBreaks(target, count);
    }
    if (inHead) {
      latest = target;
      if (count > 0) {
        headBytes += count;
        firstByteNanos = begun ? firstByteNanos : lastReadNanos;
        begun = true;
      } else if (count == 0 && begun) {
        partialHeads.add(this); // Undertow keeps this part, and waits for the rest
      }
    }
    return count;
  }

  /**
   * Old clients send a line break after a body.
   *
   * @see <a href="https://www.rfc-editor.org/rfc/rfc9112#section-2.2-6">RFC 9112, 2.2</a>
   */
  private static int dropLeadingLineBreaks(ByteBuffer target, int count) {
    int end = target.position();
    int from = end - count;
    int at = from;
    while (at < end && isLineBreak(target.get(at))) {
      at++;
    }
    if (at > from) {
      target.position(from);
      target.put(from, target, at, end - at); // moves what follows to the front
      target.position(from + end - at);
    }
    return at - from;
  }

  private static boolean isLineBreak(byte b) {
    return b == '\r' || b == '\n';
  }

  /** The head is complete: from here on, its request reserves the memory. */
  static void ended(HttpServerExchange exchange) {
    HttpServerConnection connection = (HttpServerConnection) exchange.getConnection();
    if (connection.getOriginalSourceConduit() instanceof HeadConduit head) {
      head.inHead = false;
      head.latest = null;
      head.partialHeads.remove(head);
      exchange.addExchangeCompleteListener(head);
    }
  }

  /** When the first byte of the request was read, by {@link System#nanoTime}. */
  static long firstByteNanos(HttpServerExchange exchange) {
    HttpServerConnection connection = (HttpServerConnection) exchange.getConnection();
    return connection.getOriginalSourceConduit() instanceof HeadConduit head
        ? head.firstByteNanos
        : exchange.getRequestStartTime();
  }

  /** The request is answered; the next one of the connection can begin. */
  @Override
  public void exchangeEvent(HttpServerExchange exchange, NextListener nextListener) {
    inHead = true;
    HttpServerConnection server = (HttpServerConnection) exchange.getConnection();
    PooledByteBuffer next = server.getExtraBytes();
    headBytes = 0;
    if (next != null) {
      ByteBuffer bytes = next.getBuffer();
      latest = bytes;
      while (bytes.hasRemaining() && isLineBreak(bytes.get(bytes.position()))) {
        bytes.get();
      }
      headBytes = bytes.remaining();
    }
    begun = headBytes > 0 && exchange.isPersistent();
    // Undertow handles it in a task, and the IO thread all tasks before it looks at other sockets.
    othersFirst = begun;
    firstByteNanos = lastReadNanos;
    nextListener.proceed();
  }

  /** The connection is closed. */
  void closed() {
    partialHeads.remove(this);
  }

  /** Closes the connection, after an answer if that can be sent without blocking. */
  void refuse() {
    String id = refused.apply(TOO_MANY_HEADS);
    byte[] answer = HeadAnswerConduit.answer(Problem.BUFFER_FULL, TOO_SLOW, id, "Retry-After: 1");
    try {
      sink.write(ByteBuffer.wrap(answer));
    } catch (IOException e) {
      // The client has closed the connection.
    }
    IoUtils.safeClose(connection);
  }
}
