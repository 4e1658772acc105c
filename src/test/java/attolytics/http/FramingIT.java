package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.app.RunningService;
import attolytics.http.RawClient.Answer;
import attolytics.http.body.BodyReader;
import java.io.ByteArrayOutputStream;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where requests end, where connections end, and what is answered on them; byte by byte. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FramingIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: n, type: i32}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;
  private static final String PATH = "/apps/a/events";
  private static final String BODY =
      "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"n\":1}]}";
  private static final String CLOSE = "Connection: close";

  private RunningService service;

  @BeforeAll
  void start() throws Exception {
    service =
        RunningService.start(
            SCHEMA, "", "--max_body=16KiB", "--ack_timeout=20s", "--body_timeout=5m");
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  @BeforeEach
  void empty() throws Exception {
    service.execute("TRUNCATE t");
  }

  private RawClient connect() throws Exception {
    return new RawClient(service);
  }

  private void assertStored(int rows) throws Exception {
    assertEquals(Integer.toString(rows), service.query("SELECT count(*) FROM t"));
  }

  private void assertRefused(int status, String reason, Answer answer) throws Exception {
    assertEquals(status, answer.status(), answer.body());
    assertEquals(reason, answer.reason(), answer.body());
    assertStored(0);
  }

  @Test
  void keepAliveConnection_servesSeveralRequests() throws Exception {
    try (RawClient client = connect()) {
      for (int i = 0; i < 3; i++) {
        assertEquals(200, client.send(RawClient.post(PATH, BODY)).read().status());
        assertEquals(400, client.send(RawClient.post(PATH, "{")).read().status());
        assertEquals(200, client.send(RawClient.chunked(PATH, BODY, 10)).read().status());
        assertEquals(404, client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").read().status());
      }
    }
    assertStored(6);
  }

  @Test
  void pipelinedRequests_areAnsweredInOrder() throws Exception {
    try (RawClient client = connect()) {
      client.send(
          RawClient.post(PATH, BODY)
              + RawClient.post(PATH, "{")
              + RawClient.chunked(PATH, BODY, 7)
              + "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
              + RawClient.chunked("/apps/b/events", BODY, 1000)
              + RawClient.post(PATH, "[]")
              + RawClient.post(PATH, BODY, CLOSE));
      for (int status : new int[] {200, 400, 200, 404, 404, 422, 200}) {
        assertEquals(status, client.read().status());
      }
      assertEquals("", client.awaitClose());
    }
    assertStored(3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void pipelinedRequests_canBeSplitAnywhere(boolean chunked) throws Exception {
    String request = chunked ? RawClient.chunked(PATH, BODY, 20) : RawClient.post(PATH, BODY);
    String twice = request + request;
    try (RawClient client = connect()) {
      for (int cut = 1; cut < twice.length(); cut += 13) {
        client.send(twice.substring(0, cut));
        client.send(twice.substring(cut));
        assertEquals(200, client.read().status());
        assertEquals(200, client.read().status());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void halfClosedClient_getsItsAnswer(boolean chunked) throws Exception {
    String request = chunked ? RawClient.chunked(PATH, BODY, 20) : RawClient.post(PATH, BODY);
    try (RawClient client = connect()) {
      assertEquals(200, client.send(request).halfClose().read().status());
      assertEquals("", client.awaitClose());
    }
    assertStored(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void clientThatHalfClosesBeforeTheCommit_getsItsAnswer(boolean chunked) throws Exception {
    String request = chunked ? RawClient.chunked(PATH, BODY, 20) : RawClient.post(PATH, BODY);
    try (RawClient client = connect();
        Connection locking = service.database().connect();
        Statement sql = locking.createStatement()) {
      locking.setAutoCommit(false);
      sql.execute("LOCK t");
      client.send(request);
      awaitUsedRows(1);
      client.halfClose();
      locking.rollback();
      assertEquals(200, client.read().status());
    }
    assertStored(1);
  }

  @Test
  void clientsThatDisconnectBeforeTheCommit_affectNoOthers() throws Exception {
    try (Connection locking = service.database().connect();
        Statement sql = locking.createStatement()) {
      locking.setAutoCommit(false);
      sql.execute("LOCK t");
      for (int i = 0; i < 20; i++) {
        try (RawClient client = connect()) {
          client.send(RawClient.post(PATH, BODY));
          awaitUsedRows(i + 1);
          if (i % 2 == 0) {
            client.reset();
          }
        }
      }
      try (RawClient stays = connect()) {
        stays.send(RawClient.post(PATH, BODY));
        awaitUsedRows(21);
        locking.rollback();
        assertEquals(200, stays.read().status());
      }
    }
    // The others may be another writer's, which commits later.
    Eventually.await("the buffer is empty", () -> service.metric("attolytics_buffer_bytes") == 0);
    assertStored(21);
  }

  private void awaitUsedRows(int rows) throws Exception {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (service.metric("attolytics_ring_used_rows") != rows) {
      assertTrue(System.nanoTime() < deadline, "never " + rows + " rows in the ring");
      Thread.sleep(5);
    }
  }

  @Test
  void clientsThatDisconnectAtAnyByte_affectNoOthers() throws Exception {
    String[] requests = {
      RawClient.post(PATH, BODY),
      RawClient.chunked(PATH, BODY, 20),
      RawClient.post(PATH, BODY, "Expect: 100-continue"),
      RawClient.post("/nowhere", BODY)
    };
    for (String request : requests) {
      for (int cut = 0; cut < request.length(); cut += 5) {
        try (RawClient client = connect()) {
          client.send(request.substring(0, cut));
          if (cut % 2 == 0) {
            client.reset();
          }
        }
      }
    }
    assertStored(0);
    assertEquals(200, service.post("{\"_t\":\"t\"}").statusCode());
    assertEquals(0, service.metric("attolytics_buffer_bytes"));
  }

  @ParameterizedTest
  @CsvSource({
    "'5\r\nabc', the end comes within a chunk",
    "'5\r\nabcde\r\n', the end comes between two",
    "'0\r\n', the end comes before the last line",
    "'zz\r\n', no size",
    "'-5\r\nabcde\r\n', a negative size",
    "'ffffffffffffffffff\r\n', an endless size",
    "'5\nabcde\n0\n\n', bare line feeds",
    "'5\r\nabcdefgh\r\n0\r\n\r\n', more than was told"
  })
  void malformedChunks_are400(String chunks, String why) throws Exception {
    try (RawClient client = connect()) {
      client.send(RawClient.head(PATH) + "Transfer-Encoding: chunked\r\n\r\n" + chunks).halfClose();
      Answer answer = client.read();
      assertRefused(400, "malformed_body", answer);
      assertEquals("close", answer.header("Connection"), why);
      assertEquals("", client.awaitClose());
    }
  }

  @Test
  void incompleteBody_is400() throws Exception {
    String whole = RawClient.post(PATH, BODY);
    try (RawClient client = connect()) {
      client.send(whole.substring(0, whole.length() - 5)).halfClose();
      assertRefused(400, "malformed_body", client.read());
    }
  }

  @Test
  void chunkExtensionsAndTrailers_areIgnored() throws Exception {
    String body = Integer.toHexString(BODY.length()) + ";x=\"y\"\r\n" + BODY + "\r\n";
    try (RawClient client = connect()) {
      client.send(
          RawClient.head(PATH)
              + "Transfer-Encoding: Chunked\r\n\r\n"
              + body
              + "0;z\r\nTrailer: v\r\n\r\n");
      assertEquals(200, client.read().status());
      assertEquals(200, client.send(RawClient.post(PATH, BODY)).read().status());
    }
    assertStored(2);
  }

  @Test
  void bodyOfSingleByteChunks_isAccepted() throws Exception {
    try (RawClient client = connect()) {
      assertEquals(200, client.send(RawClient.chunked(PATH, BODY, 1)).read().status());
    }
    assertStored(1);
  }

  @Test
  void gzipInChunks_isDecompressed() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(BODY.getBytes(StandardCharsets.UTF_8));
    }
    String head =
        RawClient.head(PATH, "Content-Encoding: gzip") + "Transfer-Encoding: chunked\r\n\r\n";
    try (RawClient client = connect()) {
      client.send(head + Integer.toHexString(bytes.size()) + "\r\n");
      client.send(bytes.toByteArray()).send("\r\n0\r\n\r\n");
      assertEquals(200, client.read().status());
    }
    assertStored(1);
  }

  /**
   * Whatever a proxy takes for the end of such a request, this service must not go on behind it.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 5",
        "Content-Length: -5",
        "Content-Length: +5",
        "Content-Length: 0x5",
        "Content-Length: five",
        "Content-Length:",
        "Content-Length: 18446744073709551621",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked"
      })
  void conflictingLengths_are400AndCloseTheConnection(String headers) throws Exception {
    String smuggled = RawClient.post(PATH, BODY);
    try (RawClient client = connect()) {
      client.send(RawClient.head(PATH) + headers + "\r\n\r\n0\r\n\r\n" + smuggled);
      assertEquals(400, client.read().status());
      assertEquals("", client.awaitClose());
    }
    assertStored(0);
  }

  @Test
  void chunksOfHttp10Client_are400() throws Exception {
    String request = RawClient.chunked(PATH, BODY, 100).replace("HTTP/1.1", "HTTP/1.0");
    try (RawClient client = connect()) {
      assertRefused(400, "malformed_body", client.send(request).read());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "G ET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\n: no name\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\u0000b\r\n\r\n",
        "GET /apps/a/events?%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /apps/a/events?x=1;%4 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: %zz\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"
      })
  void invalidHttp_is400AndClosesTheConnection(String request) throws Exception {
    assertRefusedAndClosed(400, "malformed_request", request);
    try (RawClient client = connect()) {
      String good = RawClient.post(PATH, BODY);
      assertEquals(200, client.send(good + request).read().status());
      assertEquals("malformed_request", client.read().reason());
      assertEquals("", client.awaitClose());
    }
  }

  private void assertRefusedAndClosed(int status, String reason, String request) throws Exception {
    String metric = "attolytics_requests_refused_total{app=\"unknown\",reason=\"" + reason + "\"}";
    double before = service.metric(metric);
    try (RawClient client = connect()) {
      Answer answer = client.send(request).read();
      assertRefused(status, reason, answer);
      assertEquals("application/problem+json", answer.header("Content-Type"));
      assertEquals("close", answer.header("Connection"));
      assertTrue(answer.body().contains("\"detail\":"), answer.body());
      assertEquals("", client.awaitClose());
    }
    assertEquals(before + 1, service.metric(metric));
  }

  @ParameterizedTest
  @ValueSource(ints = {15_000, 20_000})
  void headOverTheLimits_is400(int bytes) throws Exception {
    String lines = "X: y\r\n".repeat(bytes / 100);
    String head = RawClient.head(PATH, "Long: " + "x".repeat(bytes)) + lines + "\r\n";
    assertRefusedAndClosed(400, "malformed_request", head);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/apps/%zz/events",
        "/apps/%/events",
        "/apps/%4/events",
        "/apps/a/events%",
        "/apps/a/events%4",
        "/%zz",
        "/apps/a/events;%zz",
        "http://localhost/apps/%zz/events"
      })
  void malformedPercentEncoding_is404(String path) throws Exception {
    assertRefusedAndClosed(404, "unknown_path", RawClient.post(path, BODY));
    try (RawClient client = connect()) {
      client.send(RawClient.post(PATH, BODY) + RawClient.post(path, BODY));
      assertEquals(200, client.read().status());
      assertEquals("unknown_path", client.read().reason());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/apps/%ff/events", "/apps/%c3/events", "/apps/%00/events"})
  void appIdThatIsNotUtf8_isUnknown(String path) throws Exception {
    try (RawClient client = connect()) {
      assertRefused(404, "unknown_app", client.send(RawClient.post(path, BODY)).read());
      assertEquals(200, client.send(RawClient.post(PATH, BODY)).read().status());
    }
  }

  @ParameterizedTest
  @CsvSource({"'',close", "'Connection: keep-alive',keep-alive"})
  void http10Client_isServedAndGetsConnectionHeader(String header, String told) throws Exception {
    String request = RawClient.post(PATH, BODY, "X: y", header).replace("HTTP/1.1", "HTTP/1.0");
    request = request.replace("\r\n\r\n" + "Content-Length", "\r\nContent-Length");
    try (RawClient client = connect()) {
      Answer answer = client.send(request).read();
      assertEquals(200, answer.status());
      assertEquals(told, answer.header("Connection"));
      if (told.equals("close")) {
        assertEquals("", client.awaitClose());
      } else {
        assertEquals(200, client.send(request).read().status());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"close", "Close", "TE, close", "close, x-custom", "TE\r\nConnection: close"})
  void connectionClose_closesTheConnection(String options) throws Exception {
    try (RawClient client = connect()) {
      Answer answer = client.send(RawClient.post(PATH, BODY, "Connection: " + options)).read();
      assertEquals("close", answer.header("Connection"));
      assertEquals("", client.awaitClose());
    }
  }

  @Test
  void expectContinue_getsContinueAndThenTheAnswer() throws Exception {
    for (boolean chunked : new boolean[] {false, true}) {
      String expect = "Expect: 100-continue";
      String request =
          chunked ? RawClient.chunked(PATH, BODY, 20, expect) : RawClient.post(PATH, BODY, expect);
      int body = request.indexOf("\r\n\r\n") + 4;
      try (RawClient client = connect()) {
        assertEquals(100, client.send(request.substring(0, body)).read().status());
        assertEquals(200, client.send(request.substring(body)).read().status());
        assertEquals(200, client.send(RawClient.post(PATH, BODY)).read().status());
      }
    }
    assertStored(4);
  }

  @Test
  void expectContinue_isRefusedBeforeTheBody() throws Exception {
    String request = RawClient.post("/nowhere", BODY, "Expect: 100-continue");
    try (RawClient client = connect()) {
      client.send(request.substring(0, request.length() - BODY.length()));
      Answer answer = client.read();
      assertRefused(404, "unknown_path", answer);
      assertEquals("close", answer.header("Connection"));
    }
  }

  @Test
  void bodySentWithoutWaitingForContinue_isAccepted() throws Exception {
    try (RawClient client = connect()) {
      client.send(RawClient.post(PATH, BODY, "Expect: 100-continue"));
      assertEquals(100, client.read().status());
      assertEquals(200, client.read().status());
    }
    assertStored(1);
  }

  @Test
  void otherExpectations_areIgnored() throws Exception {
    try (RawClient client = connect()) {
      client.send(RawClient.post(PATH, BODY, "Expect: 200-ok"));
      assertEquals(200, client.read().status());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {20_000, 2_000_000})
  void bodyOverTheLimit_is413InAnyFraming(int length) throws Exception {
    String large = " ".repeat(length);
    try (RawClient client = connect()) {
      Answer answer = client.send(RawClient.post(PATH, large)).read();
      assertRefused(413, "body_too_large", answer);
      assertEquals("close", answer.header("Connection"));
      assertEquals("", client.awaitClose());
    }
    try (RawClient client = connect()) {
      assertRefused(413, "body_too_large", client.send(RawClient.chunked(PATH, large, 999)).read());
      assertEquals(200, client.send(RawClient.post(PATH, BODY)).read().status());
    }
  }

  /** Before the body, of which nothing comes: the client sends it once it has read the answer. */
  @ParameterizedTest
  @ValueSource(longs = {20_000, 5_000_000_000L})
  void contentLengthOverTheLimit_isRefusedBeforeTheBody(long length) throws Exception {
    try (RawClient client = connect()) {
      client.send(RawClient.head(PATH) + "Content-Length: " + length + "\r\n\r\n");
      Answer answer = client.read();
      assertRefused(413, "body_too_large", answer);
      assertEquals("close", answer.header("Connection"));
      client.send(" ".repeat(20_000));
      client.halfClose();
      assertEquals("", client.awaitClose());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\r\n", "\n", "\r\n\r\n"})
  void lineBreaksBeforeARequest_areSkipped(String breaks) throws Exception {
    String post = RawClient.post(PATH, BODY);
    try (RawClient client = connect()) {
      client.send(breaks);
      assertEquals(200, client.send(breaks + post).read().status());
      assertEquals(200, client.send(post + breaks).read().status());
      assertEquals(200, client.send(breaks + post + breaks).read().status());
      assertEquals(200, client.send(post + breaks + post).read().status());
      assertEquals(200, client.read().status());
      assertEquals(200, client.send(breaks + post).read().status());
    }
  }

  @Test
  void twoOrigins_areRefused() throws Exception {
    try (RawClient client = connect()) {
      String request =
          RawClient.post(PATH, BODY, "Origin: http://a.example", "Origin: http://b.example");
      assertRefused(403, "origin_not_allowed", client.send(request).read());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a, unsupported_media_type, POST /apps/a/events, text/plain",
    "a, method_not_allowed, PUT /apps/a/events, application/json",
    "unknown, unknown_app, POST /apps/b/events, application/json",
    "unknown, unknown_path, POST /, application/json"
  })
  void requestRefusedBeforeItsEventsAreRead_isCounted(
      String app, String reason, String line, String type) throws Exception {
    String metric =
        "attolytics_requests_refused_total{app=\"" + app + "\",reason=\"" + reason + "\"}";
    double before = service.metric(metric);
    try (RawClient client = connect()) {
      client.send(line + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + type + "\r\n\r\n");
      assertEquals(reason, client.read().reason());
    }
    assertEquals(before + 1, service.metric(metric));
  }

  @Test
  void emptyContentEncoding_isIgnored() throws Exception {
    try (RawClient client = connect()) {
      String request = RawClient.post(PATH, BODY, "Content-Encoding:");
      assertEquals(200, client.send(request).read().status());
    }
  }

  @Test
  void hugeContentLength_is413() throws Exception {
    try (RawClient client = connect()) {
      client.send(RawClient.head(PATH) + "Content-Length: 999999999999999999\r\n\r\n").halfClose();
      assertRefused(413, "body_too_large", client.read());
    }
  }

  @Test
  void hugeContentLength_isNotWaitedForWhateverElseIsWrong() throws Exception {
    try (RawClient client = connect()) {
      client.send(RawClient.head("/nowhere") + "Content-Length: 999999999999999999\r\n\r\n");
      assertRefused(404, "unknown_path", client.read());
    }
  }

  /** Whether the rest of a refused body can be told from the next request or not. */
  @ParameterizedTest
  @CsvSource({"7fffffffffff,/nowhere,404", "7fffffffffff,PATH,413", "no size,PATH,400"})
  void endlessBody_isClosedAtALimit(String chunkSize, String path, int status) throws Exception {
    byte[] part = " ".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);
    int most = (int) (4 * BodyReader.MAX_DISCARDED_BYTES / part.length);
    try (RawClient client = connect()) {
      client.send(
          RawClient.head(path.replace("PATH", PATH))
              + "Transfer-Encoding: chunked\r\n\r\n"
              + chunkSize
              + "\r\n");
      CompletableFuture<Answer> answer =
          CompletableFuture.supplyAsync(() -> assertDoesNotThrow(client::read));
      assertThrows(
          SocketException.class,
          () -> {
            for (int i = 0; i < most; i++) {
              client.send(part);
            }
          });
      assertRefused(status, reasonOf(status), answer.get());
    }
  }

  private static String reasonOf(int status) {
    return switch (status) {
      case 404 -> "unknown_path";
      case 413 -> "body_too_large";
      default -> "malformed_body";
    };
  }

  @Test
  void bytesBehindAChunkedBody_areReserved() throws Exception {
    int ahead = 30_000;
    try (RawClient client = connect();
        Connection locking = service.database().connect();
        Statement sql = locking.createStatement()) {
      locking.setAutoCommit(false);
      sql.execute("LOCK t");
      String request = RawClient.chunked(PATH, BODY, 1000);
      int bodyStart = request.indexOf("\r\n\r\n") + 4;
      client.send(request.substring(0, bodyStart));
      Eventually.await(() -> service.metric("attolytics_buffer_bytes") > 0);
      client.send(request.substring(bodyStart) + "x".repeat(ahead));
      awaitUsedRows(1);
      assertTrue(service.metric("attolytics_buffer_bytes") > ahead);
      locking.rollback();
      assertEquals(200, client.read().status());
    }
    assertStored(1);
  }

  @Test
  void optionsWithBody_isAnsweredAfterTheBody() throws Exception {
    String options = RawClient.chunked(PATH, BODY, 10).replace("POST", "OPTIONS");
    try (RawClient client = connect()) {
      assertEquals(204, client.send(options).read().status());
      assertEquals(200, client.send(RawClient.post(PATH, BODY)).read().status());
    }
  }

  @Test
  void head_is405WithoutABody() throws Exception {
    String head = "HEAD /apps/a/events HTTP/1.1\r\nHost: x\r\n\r\n";
    try (RawClient client = connect()) {
      Answer answer = client.send(head).readWithoutBody();
      assertEquals(405, answer.status());
      assertEquals("POST, OPTIONS", answer.header("Allow"));
      assertEquals(200, client.send(RawClient.post(PATH, BODY)).read().status());
    }
  }
}
