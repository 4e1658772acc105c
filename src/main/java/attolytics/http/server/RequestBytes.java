package attolytics.http.server;

import io.undertow.conduits.ReadDataStreamSourceConduit;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.Connectors;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.util.ImmediatePooledByteBuffer;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.xnio.channels.StreamSourceChannel;

/** The bytes of a connection behind a request's headers, below Undertow's public interface. */
public final class RequestBytes {
  private RequestBytes() {}

  /**
   * Opens a chunked body for reading, chunk sizes included. Undertow's own decoder takes a
   * malformed chunk size for 0, and closes the connection without an answer.
   */
  public static StreamSourceChannel openChunked(HttpServerExchange exchange) {
    exchange.addRequestWrapper(
        (undertows, same) -> {
          HttpServerConnection connection = connection(same);
          return new ReadDataStreamSourceConduit(connection.getOriginalSourceConduit(), connection);
        });
    return exchange.getRequestChannel();
  }

  /**
   * Ends a body that {@link #openChunked} opened.
   *
   * @param bytes which contain, between {@code from} and {@code to}, what was read of the
   *     connection's next request
   */
  public static void endChunked(HttpServerExchange exchange, byte[] bytes, int from, int to) {
    if (from < to) {
      ByteBuffer next = ByteBuffer.wrap(Arrays.copyOfRange(bytes, from, to));
      connection(exchange).ungetRequestBytes(new ImmediatePooledByteBuffer(next));
    }
    Connectors.terminateRequest(exchange);
  }

  /** Whether bytes behind the headers were read together with them. */
  public static boolean anyReadAhead(HttpServerExchange exchange) {
    return connection(exchange).getExtraBytes() != null;
  }

  /** Bytes of the heap that those behind the request occupy, until they are read: whole buffers. */
  public static int readAheadHeapBytes(HttpServerExchange exchange) {
    PooledByteBuffer ahead = connection(exchange).getExtraBytes();
    return ahead == null ? 0 : ahead.getBuffer().capacity();
  }

  static HttpServerConnection connection(HttpServerExchange exchange) {
    return (HttpServerConnection) exchange.getConnection();
  }
}
