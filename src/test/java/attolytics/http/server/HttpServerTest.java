package attolytics.http.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import attolytics.metrics.Metrics;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentRefusals;
import attolytics.recent.RefusedRequest;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.undertow.server.HttpHandler;
import io.undertow.server.ServerConnection;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;
import org.xnio.channels.AcceptingChannel;

class HttpServerTest {
  private static final Limits LIMITS =
      new Limits(
          1 << 10, 2, 10, 10, Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofMinutes(1));

  /** Far more than the close takes, and less than a hang. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final int MORE_THAN_SOCKETS_TAKE = 24 << 20;

  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final Logger ofServer = (Logger) LoggerFactory.getLogger(HttpServer.class);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  @BeforeEach
  void listen() {
    ofServer.setLevel(Level.INFO);
    logged.start();
    root.addAppender(logged);
  }

  @AfterEach
  void stop() {
    root.detachAppender(logged);
    ofServer.setLevel(null);
  }

  @Test
  void accept_atTheCloseOfThePort_isNoError() {
    accept(new ClosedChannelException());
    assertEquals(0, errors());
  }

  @Test
  void accept_thatFailsOtherwise_isAnError() {
    accept(new IOException("Too many open files"));
    assertEquals(1, errors());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          \\26\\3\\1\\2\\0\\1\\0\\1 | 400 malformed_request | this looks like the start of a TLS connection, and this port speaks plain HTTP; use http://, or have a proxy in front terminate TLS
          GET /apps/%zz/events HTTP/1.1 | 404 unknown_path | the path is not correctly percent-encoded; send events to /apps/{app_id}/events
          GET\\r\\n | 400 malformed_request | the request line or a header is not valid HTTP/1.1 (RFC 9112), Host is missing, or there are more than 100 headers or 50 query parameters
          GET / HTTP/1.1\\r\\nHost: x\\r\\nno colon\\r\\n | 400 malformed_request | the request line or a header is not valid HTTP/1.1 (RFC 9112), Host is missing, or there are more than 100 headers or 50 query parameters
          GET / HTTP/1.1\\r\\n | 400 malformed_request | the headers are complete, but Host is missing, invalid or there twice, or there are two Content-Length, or one beside Transfer-Encoding; or the request is neither HTTP/1.1 nor HTTP/1.0
          GET / HTTP/1.1\\r\\nHost: x\\r\\nHost: x\\r\\n | 400 malformed_request | the headers are complete, but Host is missing, invalid or there twice, or there are two Content-Length, or one beside Transfer-Encoding; or the request is neither HTTP/1.1 nor HTTP/1.0
          GET / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 1\\r\\nTransfer-Encoding: chunked\\r\\n | 400 malformed_request | the headers are complete, but Host is missing, invalid or there twice, or there are two Content-Length, or one beside Transfer-Encoding; or the request is neither HTTP/1.1 nor HTTP/1.0
          """)
  void head_thatIsRefused_hasTheSameReasonForClientPageAndLog(
      String request, String problem, String detail) throws Exception {
    assertRefused(request.translateEscapes(), problem, detail);
  }

  @Test
  void headThatIsTooLarge_isRefusedAsThat() throws Exception {
    assertRefused(
        "GET / HTTP/1.1\r\nHost: x\r\nLong: " + "x".repeat(16 << 10),
        "400 malformed_request",
        "the request line and the headers are larger than 16 KiB; send fewer or shorter ones, of"
            + " cookies for example");
  }

  @Test
  @Timeout(30)
  void headThatGivesWay_hasAnErrorIdByWhichTheLogHasIt() throws Exception {
    Limits oneHead =
        new Limits(
            1 << 10, 2, 10, 1, Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofMinutes(1));
    RecentRefusals refusals = new RecentRefusals();
    BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    try (HttpServer server = open(oneHead, refusals, exchange -> fail("it has no head"));
        Socket one = new Socket("localhost", server.port());
        Socket other = new Socket("localhost", server.port())) {
      for (Socket client : List.of(one, other)) {
        client.getOutputStream().write("GET / HTTP/1.1\r\n".getBytes(US_ASCII));
        new Thread(() -> answers.add(readAll(client))).start();
      }
      String answer = answers.take();
      Matcher id = Pattern.compile("\"error_id\":\"(\\w+)\"").matcher(answer);
      assertTrue(answer.startsWith("HTTP/1.1 503 ") && id.find(), answer);
      assertLogged(
          "error "
              + id.group(1)
              + ": app unknown: buffer_full: more connections than allowed were in the middle of"
              + " their headers (503)");
      assertEquals("buffer_full", refusals.newestFirst().get(0).newest().reason());
    }
  }

  private static String readAll(Socket client) {
    try {
      return new String(client.getInputStream().readAllBytes(), UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void assertRefused(String request, String problem, String detail) throws Exception {
    RecentRefusals refusals = new RecentRefusals();
    String answer;
    try (HttpServer server = open(refusals, exchange -> fail("it has no head"));
        Socket client = new Socket("localhost", server.port())) {
      client.getOutputStream().write((request + "\r\n").getBytes(US_ASCII));
      answer = new String(client.getInputStream().readAllBytes(), UTF_8);
    }
    assertTrue(answer.contains("\"detail\":\"" + detail + "\""), answer);
    RefusedRequest refused = refusals.newestFirst().get(0).newest();
    assertEquals(problem, refused.status() + " " + refused.reason());
    assertEquals(detail, refused.detail());
    assertLogged(
        "app unknown: requests are refused: %s (%d): %s"
            .formatted(refused.reason(), refused.status(), detail));
  }

  private void assertLogged(String line) {
    assertTrue(
        logged.list.stream().anyMatch(event -> event.getFormattedMessage().equals(line)),
        logged.list::toString);
  }

  /** Of the line break behind a body, nothing is left for the request that comes later. */
  @ParameterizedTest
  @ValueSource(strings = {"", "\r\n"})
  void requestAfterALineBreakBehindTheLastOne_beginsWithItsOwnFirstByte(String leading)
      throws Exception {
    BlockingQueue<Long> firstBytes = new LinkedBlockingQueue<>();
    RecentRefusals refusals = new RecentRefusals();
    try (HttpServer server =
            open(refusals, exchange -> firstBytes.add(HttpServer.firstByteNanos(exchange)));
        Socket client = new Socket("localhost", server.port())) {
      String request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
      client.getOutputStream().write((request + "\r\n").getBytes(US_ASCII));
      awaitAnswer(client);
      firstBytes.take();
      long answered = System.nanoTime();
      client.getOutputStream().write((leading + request).getBytes(US_ASCII));
      awaitAnswer(client);
      assertEquals(List.of(), refusals.newestFirst());
      assertTrue(firstBytes.take() - answered >= 0, "the time of the request before");
    }
  }

  /** The requests of one client are tasks, each of which leads to the next. */
  @Test
  @Timeout(60)
  void clientThatPipelines_leavesOthersTheirTurn() throws Exception {
    int many = 3_700; // 100 KB: the buffers of the sockets take them at once
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch sent = new CountDownLatch(1);
    AtomicInteger handled = new AtomicInteger();
    CompletableFuture<Integer> handledBeforeOther = new CompletableFuture<>();
    HttpHandler handler =
        exchange -> {
          switch (exchange.getRequestPath()) {
            case "/first" -> {
              begun.countDown();
              sent.await();
            }
            case "/other" -> handledBeforeOther.complete(handled.get());
            default -> handled.incrementAndGet();
          }
        };
    try (HttpServer server = open(new RecentRefusals(), handler);
        Socket pipelining = new Socket("localhost", server.port());
        Socket other = new Socket("localhost", server.port())) {
      send(other, get("/"));
      awaitAnswer(other); // by when it is accepted
      send(pipelining, get("/first") + get("/").repeat(many));
      begun.await();
      send(other, get("/other"));
      sent.countDown();
      new Thread(() -> discardAll(pipelining)).start();
      int before = handledBeforeOther.get();
      assertTrue(before < many / 2, before + " of them before the other one");
    }
  }

  private static void discardAll(Socket client) {
    try {
      client.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // The test is over.
    }
  }

  private static String get(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }

  private static void send(Socket client, String requests) throws IOException {
    client.getOutputStream().write(requests.getBytes(US_ASCII));
  }

  private static void awaitAnswer(Socket client) throws IOException {
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("\r\n\r\n") < 0) {
      int b = client.getInputStream().read();
      assertTrue(b >= 0, answer::toString);
      answer.append((char) b);
    }
  }

  /** Otherwise what comes after the exchange, such as a timer, is left behind. */
  @Test
  @Timeout(30)
  void closeOfAConnection_endsItsExchangeBeforeItsListenersAreCalled() throws Exception {
    BlockingQueue<String> order = new LinkedBlockingQueue<>();
    try (HttpServer server =
            open(
                new RecentRefusals(),
                exchange -> {
                  ServerConnection connection = exchange.getConnection();
                  exchange.addExchangeCompleteListener(
                      (completed, next) -> {
                        order.add("exchange");
                        next.proceed();
                      });
                  connection.addCloseListener(closed -> order.add("connection"));
                  exchange.setResponseContentLength(MORE_THAN_SOCKETS_TAKE);
                  exchange.getResponseSender().send(ByteBuffer.allocate(MORE_THAN_SOCKETS_TAKE));
                  connection.getIoThread().execute(() -> IoUtils.safeClose(connection));
                });
        Socket client = new Socket("localhost", server.port())) {
      client.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(US_ASCII));
      assertEquals(List.of("exchange", "connection"), List.of(order.take(), order.take()));
    }
  }

  @Test
  void close_withAStuckIoThread_doesNotWaitForIt() throws Exception {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    HttpServer server =
        open(
            new RecentRefusals(),
            exchange -> {
              stuck.countDown();
              free.await();
            });
    try (Socket client = new Socket("localhost", server.port())) {
      client.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(US_ASCII));
      stuck.await();
      int port = server.port();
      assertTimeoutPreemptively(PATIENCE, server::close);
      assertTrue(
          logged.list.stream()
              .anyMatch(
                  event ->
                      event
                          .getFormattedMessage()
                          .equals("timed out waiting for the IO threads of port " + port)));
    } finally {
      free.countDown();
    }
  }

  private static HttpServer open(RecentRefusals refusals, HttpHandler handler) throws IOException {
    return open(LIMITS, refusals, handler);
  }

  private static HttpServer open(Limits limits, RecentRefusals refusals, HttpHandler handler)
      throws IOException {
    return HttpServer.open(
        "localhost", 0, 1, limits, Metrics.NONE, refusals, new RecentOutages(), handler);
  }

  @SuppressWarnings("unchecked") // the generic interface of a proxy
  private static void accept(IOException failure) {
    HttpServer.accept(
        (AcceptingChannel<StreamConnection>)
            Proxy.newProxyInstance(
                HttpServerTest.class.getClassLoader(),
                new Class<?>[] {AcceptingChannel.class},
                (self, method, arguments) -> {
                  throw failure;
                }),
        connection -> fail("there is none"));
  }

  private long errors() {
    return logged.list.stream()
        .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
        .count();
  }
}
