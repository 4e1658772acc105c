package attolytics.http.server;

import attolytics.http.problem.ErrorIds;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import attolytics.metrics.Metrics;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentRefusals;
import attolytics.recent.RefusedRequest;
import io.undertow.UndertowOptions;
import io.undertow.connector.ByteBufferPool;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpOpenListener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.ChannelListener;
import org.xnio.ChannelListeners;
import org.xnio.IoUtils;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.Xnio;
import org.xnio.XnioIoThread;
import org.xnio.XnioWorker;
import org.xnio.channels.AcceptingChannel;

/**
 * An HTTP port with IO threads of its own. Opens the socket itself and hands connections to
 * Undertow's listener: Undertow's builder cannot limit the request heads that are incomplete.
 */
public final class HttpServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);

  /** Room for long cookies and referers. */
  static final int MAX_HEAD_BYTES = 16 << 10;

  /** Each header takes objects besides its bytes. */
  static final int MAX_HEADERS = 100;

  /** Of a query, which is ignored. */
  static final int MAX_PARAMETERS = 50;

  /** Upper bound of the heap that a head of that size takes, as measured. */
  public static final int MAX_HEAD_HEAP_BYTES = 64 << 10;

  private static final int BACKLOG = 1000;

  /** Far more than IO threads take that are not stuck. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  /** They close sockets; requests stay on their IO thread. */
  private static final int WORKER_THREADS = 2;

  // As in Undertow's builder. A request's head is read into one of these buffers.
  private static final long SMALL_HEAP = 128 << 20;
  private static final int SMALL_BUFFER_BYTES = 1 << 10;
  private static final int BUFFER_BYTES = (16 << 10) - 20;
  private static final int BUFFERS_OF_A_THREAD = 4;

  private final XnioWorker worker;
  private final AcceptingChannel<StreamConnection> socket;
  private final IoThreads threads;
  private final Metrics metrics;
  private final RecentRefusals refusals;
  private final RecentOutages outages;
  private final ErrorIds errorIds = new ErrorIds();
  private final Map<XnioIoThread, PartialHeads> partialHeads = new ConcurrentHashMap<>();

  private HttpServer(
      InetSocketAddress address,
      int ioThreads,
      Limits limits,
      Metrics metrics,
      RecentRefusals refusals,
      RecentOutages outages,
      HttpOpenListener listener)
      throws IOException {
    this.metrics = metrics;
    this.refusals = refusals;
    this.outages = outages;
    worker =
        Xnio.getInstance(HttpServer.class.getClassLoader())
            .createWorker(
                OptionMap.builder()
                    .set(Options.WORKER_IO_THREADS, ioThreads)
                    .set(Options.WORKER_TASK_CORE_THREADS, WORKER_THREADS)
                    .set(Options.WORKER_TASK_MAX_THREADS, WORKER_THREADS)
                    .getMap());
    boolean opened = false;
    try {
      int maxPartialHeads = Math.max(1, limits.maxPartialHeads() / ioThreads);
      ChannelListener<StreamConnection> bounded =
          connection -> open(connection, maxPartialHeads, listener);
      socket =
          worker.createStreamConnectionServer(
              address,
              accepting -> accept(accepting, bounded),
              OptionMap.builder()
                  .set(Options.WORKER_IO_THREADS, ioThreads)
                  .set(Options.TCP_NODELAY, true)
                  .set(Options.REUSE_ADDRESSES, true)
                  .set(Options.BALANCING_TOKENS, 1)
                  .set(Options.BALANCING_CONNECTIONS, 2)
                  .set(Options.BACKLOG, BACKLOG)
                  .set(Options.CONNECTION_HIGH_WATER, limits.maxConnections())
                  .set(Options.CONNECTION_LOW_WATER, limits.maxConnections())
                  .getMap());
      threads = IoThreads.of(worker);
      socket.resumeAccepts();
      opened = true;
    } finally {
      if (!opened) {
        worker.shutdownNow();
      }
    }
  }

  /** When the first byte of a request was read, by {@link System#nanoTime}. */
  public static long firstByteNanos(HttpServerExchange exchange) {
    return HeadConduit.firstByteNanos(exchange);
  }

  /**
   * Opens a port.
   *
   * @param port 0 for any free one
   * @param ioThreads number of IO threads
   * @param metrics counts requests that are refused before the handler sees them
   * @param refusals remembers them
   * @param outages counts them
   * @throws IOException with the cause, if the port cannot be opened
   */
  public static HttpServer open(
      String host,
      int port,
      int ioThreads,
      Limits limits,
      Metrics metrics,
      RecentRefusals refusals,
      RecentOutages outages,
      HttpHandler handler)
      throws IOException {
    HttpOpenListener listener = new HttpOpenListener(buffers(), options(limits));
    listener.setRootHandler(
        exchange -> {
          HeadConduit.ended(exchange);
          handler.handleRequest(exchange);
        });
    InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), port);
    return new HttpServer(address, ioThreads, limits, metrics, refusals, outages, listener);
  }

  private static ByteBufferPool buffers() {
    boolean smallHeap = Runtime.getRuntime().maxMemory() < SMALL_HEAP;
    int bytes = smallHeap ? SMALL_BUFFER_BYTES : BUFFER_BYTES;
    return new DefaultByteBufferPool(true, bytes, -1, BUFFERS_OF_A_THREAD);
  }

  private static OptionMap options(Limits limits) {
    return OptionMap.builder()
        .set(UndertowOptions.DECODE_URL, false)
        .set(UndertowOptions.MAX_ENTITY_SIZE, -1L) // limited by BodyReader
        .set(UndertowOptions.RECORD_REQUEST_START_TIME, true)
        .set(UndertowOptions.ALWAYS_SET_KEEP_ALIVE, false)
        .set(UndertowOptions.MAX_HEADER_SIZE, MAX_HEAD_BYTES)
        .set(UndertowOptions.MAX_HEADERS, MAX_HEADERS)
        .set(UndertowOptions.MAX_PARAMETERS, MAX_PARAMETERS)
        // Otherwise an answer could wait for that of the connection's next request.
        .set(UndertowOptions.BUFFER_PIPELINED_DATA, false)
        .set(UndertowOptions.REQUEST_PARSE_TIMEOUT, (int) limits.headerTimeout().toMillis())
        .set(UndertowOptions.NO_REQUEST_TIMEOUT, (int) limits.idleTimeout().toMillis())
        .getMap();
  }

  /** On the connection's IO thread. The port may have been closed since the connection came. */
  static void accept(
      AcceptingChannel<StreamConnection> socket, ChannelListener<StreamConnection> listener) {
    try {
      StreamConnection accepted = socket.accept();
      if (accepted != null) {
        ChannelListeners.invokeChannelListener(accepted, listener);
      }
    } catch (ClosedChannelException e) {
      log.debug("Port closed while a connection was accepted", e);
    } catch (IOException e) {
      log.error("Cannot accept a connection", e);
    }
  }

  /** On the connection's IO thread. */
  private void open(StreamConnection socket, int maxPartialHeads, HttpOpenListener listener) {
    StreamConnection connection = new BackgroundCloseConnection(socket);
    PartialHeads heads =
        partialHeads.computeIfAbsent(
            connection.getIoThread(), thread -> new PartialHeads(maxPartialHeads));
    LazySuspendConduit.install(connection);
    HeadConduit head = HeadConduit.install(connection, heads, this::refused);
    listener.handleEvent(connection);
    connection.setCloseListener(closed -> head.closed()); // besides Undertow's
  }

  /** Returns the error id, if the cause is in the service. */
  private @Nullable String refused(Refusal refusal) {
    Problem problem = refusal.problem();
    metrics.requestRefused(Metrics.UNKNOWN_APP, problem.reason());
    outages.answered(problem.status(), 0);
    refusals.add(
        new RefusedRequest(
            Metrics.UNKNOWN_APP,
            false,
            problem.status(),
            problem.reason(),
            null,
            null,
            null,
            refusal.reason(),
            null));
    if (!problem.isOurs()) {
      log.info(
          "app {}: requests are refused: {} ({}){}",
          Metrics.UNKNOWN_APP,
          problem.reason(),
          problem.status(),
          refusal.detail() == null ? "" : ": " + refusal.detail());
      return null;
    }
    String id = errorIds.of(problem);
    log.atWarn()
        .addKeyValue("error_id", id)
        .log(
            "error {}: app {}: {}: {} ({})",
            id,
            Metrics.UNKNOWN_APP,
            problem.reason(),
            refusal.reason(),
            problem.status());
    return id;
  }

  /** The port number. */
  public int port() {
    return socket.getLocalAddress(InetSocketAddress.class).getPort();
  }

  /** The threads that serve the port. */
  public IoThreads threads() {
    return threads;
  }

  /** Does not wait for an IO thread that is stuck: there are other parts to be closed after it. */
  @Override
  public void close() {
    int port = port();
    IoUtils.safeClose(socket);
    worker.shutdown();
    try {
      if (!worker.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("timed out waiting for the IO threads of port {}", port);
        worker.shutdownNow();
      }
    } catch (InterruptedException e) {
      worker.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
