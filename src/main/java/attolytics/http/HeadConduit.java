package attolytics.http;

import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.ExchangeCompletionListener;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpServerConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;
import org.xnio.conduits.AbstractStreamSourceConduit;
import org.xnio.conduits.StreamSourceConduit;

/**
 * What a connection reads from. Knows whether it is in the middle of a request's head, which
 * Undertow reads and keeps before anybody can refuse the request.
 */
final class HeadConduit extends AbstractStreamSourceConduit<StreamSourceConduit>
    implements ExchangeCompletionListener {
  private static final byte[] REFUSAL = refusal();

  private final StreamConnection connection;
  private final PartialHeads partialHeads;
  private boolean inHead = true; // else in a body, or between head and answer
  private boolean begun; // something of the head has come

  private HeadConduit(
      StreamSourceConduit next, StreamConnection connection, PartialHeads partialHeads) {
    super(next);
    this.connection = connection;
    this.partialHeads = partialHeads;
  }

  /** Puts one before all that is read on a new connection. */
  static HeadConduit install(StreamConnection connection, PartialHeads partialHeads) {
    StreamSourceConduit source = connection.getSourceChannel().getConduit();
    HeadConduit head = new HeadConduit(source, connection, partialHeads);
    connection.getSourceChannel().setConduit(head);
    return head;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    int count = super.read(target);
    if (inHead && !begun && count > 0) {
      count -= dropLeadingLineBreaks(target, count);
    }
    if (inHead) {
      if (count > 0) {
        begun = true;
      } else if (count == 0 && begun) {
        partialHeads.add(this); // Undertow keeps what it has, and waits for the rest
      }
    }
    return count;
  }

  /**
   * Old clients send one behind a body.
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

  /** The head is there: what it takes is the request's business from here on. */
  static void ended(HttpServerExchange exchange) {
    HttpServerConnection connection = (HttpServerConnection) exchange.getConnection();
    if (connection.getOriginalSourceConduit() instanceof HeadConduit head) {
      head.inHead = false;
      head.partialHeads.remove(head);
      exchange.addExchangeCompleteListener(head);
    }
  }

  /** The request is answered, and the connection's next one may begin. */
  @Override
  public void exchangeEvent(HttpServerExchange exchange, NextListener nextListener) {
    inHead = true;
    HttpServerConnection server = (HttpServerConnection) exchange.getConnection();
    PooledByteBuffer next = server.getExtraBytes();
    if (next != null) {
      ByteBuffer bytes = next.getBuffer();
      while (bytes.hasRemaining() && isLineBreak(bytes.get(bytes.position()))) {
        bytes.get();
      }
    }
    begun = server.getExtraBytes() != null;
    nextListener.proceed();
  }

  /** The connection is closed. */
  void closed() {
    partialHeads.remove(this);
  }

  /** Ends the connection, with an answer if it can be sent without waiting. */
  void refuse() {
    try {
      connection.getSinkChannel().write(ByteBuffer.wrap(REFUSAL));
    } catch (IOException e) {
      // Then it is gone already.
    }
    IoUtils.safeClose(connection);
  }

  private static byte[] refusal() {
    Problem problem = Problem.BUFFER_FULL;
    byte[] document =
        problem.document(
            "the headers came too slowly while many other requests did; send it again",
            java.util.List.of(),
            null);
    String head =
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Type: "
            + Problem.CONTENT_TYPE
            + "\r\nContent-Length: "
            + document.length
            + "\r\n\r\n";
    return (head + new String(document, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
  }
}
