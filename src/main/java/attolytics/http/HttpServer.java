package attolytics.http;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import java.net.InetSocketAddress;
import org.xnio.Options;

/** An HTTP port with its own IO threads. */
public final class HttpServer implements AutoCloseable {
  /** Room for long cookies and referers; it is all that a connection holds before its body. */
  private static final int MAX_HEADER_BYTES = 16 << 10;

  private final Undertow undertow;

  private HttpServer(Undertow undertow) {
    this.undertow = undertow;
  }

  /**
   * Opens a port.
   *
   * @param port 0 for any free one
   * @param ioThreads which serve all of its connections
   * @throws RuntimeException with the cause that the system gave, if it cannot be opened
   */
  public static HttpServer open(
      String host, int port, int ioThreads, Limits limits, HttpHandler handler) {
    Undertow undertow =
        Undertow.builder()
            .addHttpListener(port, host)
            .setIoThreads(ioThreads)
            .setWorkerThreads(2) // for the admin pages: events never leave their IO thread
            .setServerOption(UndertowOptions.DECODE_URL, false)
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, -1L) // BodyReader's business
            .setServerOption(UndertowOptions.RECORD_REQUEST_START_TIME, true)
            .setServerOption(UndertowOptions.ALWAYS_SET_KEEP_ALIVE, false)
            .setServerOption(UndertowOptions.MAX_HEADER_SIZE, MAX_HEADER_BYTES)
            // Else an answer could wait for that of the next request on its connection.
            .setServerOption(UndertowOptions.BUFFER_PIPELINED_DATA, false)
            .setServerOption(
                UndertowOptions.REQUEST_PARSE_TIMEOUT, (int) limits.headerTimeout().toMillis())
            .setServerOption(
                UndertowOptions.NO_REQUEST_TIMEOUT, (int) limits.idleTimeout().toMillis())
            .setSocketOption(Options.CONNECTION_HIGH_WATER, limits.maxConnections())
            .setHandler(handler)
            .build();
    undertow.start();
    return new HttpServer(undertow);
  }

  /** The port it listens on. */
  public int port() {
    return ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
  }

  @Override
  public void close() {
    undertow.stop();
  }
}
