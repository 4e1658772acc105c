package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.app.RunningService;
import attolytics.http.RawClient.Answer;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of several errors of a request is reported, and how. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RankingIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: n, type: i32}]}
        hidden: {columns: [{name: x}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
        page: {secret_key: [sesame, "пароль"], tables: [t], access_control_allow_origin: "http://example.com"}
      """;
  private static final int MAX_BODY = 16 << 10;
  private static final String GOOD = "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\"}]}";

  private RunningService service;

  @BeforeAll
  void start() throws Exception {
    service = RunningService.start(SCHEMA, "", "--max_body=" + MAX_BODY);
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  /** A request with everything wrong, to be put right in one respect after the other. */
  private static final class Request {
    String method = "PUT";
    String path = "/nowhere";
    String origin = "http://evil.example";
    String type = "text/plain";
    String encoding = "br";
    String key = "";
    byte[] body = new byte[2 * MAX_BODY];

    byte[] bytes() {
      String head =
          method
              + " "
              + path
              + " HTTP/1.1\r\nHost: x\r\nOrigin: "
              + origin
              + "\r\nContent-Type: "
              + type
              + "\r\nContent-Encoding: "
              + encoding
              + "\r\nIdempotency-Key: "
              + key
              + "\r\nContent-Length: "
              + body.length
              + "\r\n\r\n";
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
      all.writeBytes(body);
      return all.toByteArray();
    }
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  @Test
  void refusalsOfTheHead_quoteWhatTheyRefuse() throws Exception {
    Request request = new Request();
    request.path = "/no/where;id=1?secret_key=sesame";
    try (RawClient client = new RawClient(service)) {
      assertQuotes("\"/no/where\" is not a path of the service; send", client, request);
      request.path = "/nowhere%3Fsecret_key=sesame";
      assertQuotes("\"/nowhere\" is not a path of the service; send", client, request);
      request.path = "/apps/no%0Abody/events?secret_key=sesame";
      assertQuotes("\"no\\u000abody\" is not an app of the service; check", client, request);
      request.path = "/apps/page/events?secret_key=sesame";
      assertQuotes("\"PUT\" is not allowed; send", client, request);
      request.method = "POST";
      assertQuotes(
          "\"http://evil.example\" is not an origin that the app allows; add", client, request);
      request.origin = "http://example.com";
      assertQuotes("\"text/plain\" is not application/json in UTF-8; send", client, request);
      request.type = "application/json; x=" + "y".repeat(1000);
      request.encoding = "br";
      assertQuotes("\"br\" is not a supported encoding; send", client, request);
      request.encoding = "gzip";
      assertQuotes("it has 0 characters; send", client, request);
    }
    String recent = service.admin("/status.json");
    assertTrue(recent.contains("http://evil.example"), recent);
    assertFalse(recent.contains("sesame"), recent);
  }

  private static void assertQuotes(String expected, RawClient client, Request request)
      throws IOException {
    String body = client.send(request.bytes()).read().body();
    assertTrue(new JsonObject(body).getString("detail").startsWith(expected), body);
    assertFalse(body.contains("sesame"), body);
  }

  @Test
  void refusals_haveTheDocumentedPrecedence() throws Exception {
    Request request = new Request();
    try (RawClient client = new RawClient(service)) {
      assertTold(404, "unknown_path", client, request);
      request.path = "/apps/nobody/events";
      assertTold(404, "unknown_app", client, request);
      request.path = "/apps/page/events";
      assertTold(405, "method_not_allowed", client, request);
      request.method = "POST";
      assertTold(403, "origin_not_allowed", client, request);
      request.origin = "http://example.com";
      assertTold(415, "unsupported_media_type", client, request);
      request.type = "application/json";
      assertTold(415, "unsupported_encoding", client, request);
      request.encoding = "gzip";
      assertTold(400, "invalid_idempotency_key", client, request);
      request.key = "k".repeat(256);
      assertTold(400, "invalid_idempotency_key", client, request);
      request.key = "k";
      assertTold(413, "body_too_large", client, request); // by its length, and closed
    }
    try (RawClient client = new RawClient(service)) {
      request.body = gzip("{".repeat(2 * MAX_BODY));
      assertTold(413, "body_too_large", client, request);
      request.body = GOOD.getBytes(StandardCharsets.US_ASCII);
      assertTold(400, "malformed_body", client, request);
      request.body = gzip("{\"secret_key\":1,\"events\":7");
      assertTold(400, "malformed_body", client, request);
      request.body = gzip("{\"secret_key\":\"x\",\"secret_key\":\"x\",\"events\":7}");
      assertTold(400, "malformed_body", client, request);
      request.body = gzip("{\"secret_key\":\"x\",\"events\":7}");
      assertTold(422, "invalid_request", client, request);
      request.body = gzip(wrong("x", "hidden"));
      assertTold(403, "wrong_secret_key", client, request);
      request.body = gzip(wrong("sesame", "hidden"));
      assertTold(404, "unknown_table", client, request);
      request.body = gzip(wrong("sesame", "t"));
      assertTold(400, "invalid_events", client, request);
      request.body = gzip(GOOD);
      assertTold(200, "", client, request);
      request.body = gzip(GOOD + " ");
      assertTold(422, "idempotency_key_reused", client, request);
    }
  }

  private static String wrong(String key, String table) {
    return "{\"secret_key\":\""
        + key
        + "\",\"events\":[{\"_t\":\"t\",\"n\":\"\"},{\"_t\":\""
        + table
        + "\",\"q\":1}]}";
  }

  private static void assertTold(int status, String reason, RawClient client, Request request)
      throws IOException {
    Answer answer = client.send(request.bytes()).read();
    assertEquals(reason, answer.reason(), answer.body());
    assertEquals(status, answer.status());
    if (!reason.isEmpty()) {
      assertEquals("application/problem+json", answer.header("Content-Type"));
      assertTrue(answer.body().contains("\"title\":"), answer.body());
      assertTrue(answer.body().contains("\"status\":" + status), answer.body());
    }
    assertEquals(status == 405 ? "POST, OPTIONS" : "", answer.header("Allow"));
    assertEquals(
        reason.equals("unsupported_encoding") ? "gzip" : "", answer.header("Accept-Encoding"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET",
        "HEAD",
        "PUT",
        "DELETE",
        "PATCH",
        "TRACE",
        "PROPFIND",
        "X",
        "post",
        "Options"
      })
  void anyOtherMethod_is405WithAllow(String method) throws Exception {
    try (RawClient client = new RawClient(service)) {
      client.send(method + " /apps/a/events HTTP/1.1\r\nHost: x\r\n\r\n");
      Answer answer = method.equals("HEAD") ? client.readWithoutBody() : client.read();
      assertEquals(405, answer.status());
      assertEquals("POST, OPTIONS", answer.header("Allow"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/apps/a/events?retry=1&x, 200",
    "http://localhost/apps/a/events, 200",
    "http://localhost/apps/a/events?x, 200",
    "/apps/%61/events, 200",
    "/apps/a;v=1/events, 404",
    "/apps/a/events;v=1, 404",
    "/apps/a/events/, 200",
    "/apps/a%2Fevents, 404",
    "/apps/%ff/events, 404"
  })
  void path_isCaseSensitiveAndItsQueryIgnored(String target, int status) throws Exception {
    try (RawClient client = new RawClient(service)) {
      assertEquals(status, client.send(RawClient.post(target, GOOD)).read().status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip, gzip", "identity, gzip", "deflate", "zstd", "*"})
  void anyOtherEncoding_is415(String encoding) throws Exception {
    try (RawClient client = new RawClient(service)) {
      client.send(RawClient.post("/apps/a/events", GOOD, "Content-Encoding: " + encoding));
      assertEquals(415, client.read().status());
      client.send(
          RawClient.post(
              "/apps/a/events", GOOD, "Content-Encoding: identity", "Content-Encoding: identity"));
      assertEquals("unsupported_encoding", client.read().reason());
    }
  }

  @Test
  void twoContentTypes_are415() throws Exception {
    try (RawClient client = new RawClient(service)) {
      client.send(RawClient.post("/apps/a/events", GOOD, "Content-Type: application/json"));
      assertEquals("unsupported_media_type", client.read().reason());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "sesame, Bearer sesame, 200",
    "sesame, bearer   sesame, 200",
    "sesame, Bearer nope, 403",
    "nope, Bearer sesame, 403",
    "sesame, Bearer, 403",
    "sesame, Basic c2VzYW1l, 200",
    "sesame, Bearers nope, 200",
    ", Bearer sesame, 200",
    ", Bearer пароль, 200",
    ", Bearer nope, 403",
    ", Basic sesame, 422",
    ", Bearersesame, 422"
  })
  void keysOfBodyAndHeader_mustBothBeRightIfGiven(String key, String authorization, int status)
      throws Exception {
    String body = GOOD.replace("\"sesame\"", '"' + key + '"');
    if (key == null) {
      body = "{\"events\":[]}";
    }
    try (RawClient client = new RawClient(service)) {
      client.send(RawClient.post("/apps/page/events", body, "Authorization: " + authorization));
      assertEquals(status, client.read().status());
    }
  }

  @Test
  void wrongKey_revealsNothingElse() throws Exception {
    String body = wrong("no", "hidden");
    try (RawClient client = new RawClient(service)) {
      String told = client.send(RawClient.post("/apps/a/events", body)).read().body();
      assertEquals("wrong_secret_key", reasonOf(told));
      for (String word : new String[] {"errors", "hidden", "sesame", "no\"", "/events"}) {
        assertFalse(told.contains(word), told);
      }
    }
  }

  /** What stands at its place is decoded before the key is known, or not at all. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void wrongKey_doesNotRevealThatTheRowsAreTooLarge(boolean keyFirst) throws Exception {
    String schema =
        """
        tables: {t: {columns: [{name: h, header: X-H}]}}
        apps: {a: {secret_key: sesame, tables: [t]}}
        """;
    String header = "X-H: " + "h".repeat(8_000);
    String events = "\"events\":[" + "{\"_t\":\"t\"},".repeat(99) + "{\"_t\":\"t\"}]";
    try (RunningService small =
            RunningService.start(
                schema, "", "--max_body=2KiB", "--max_buffer=512KiB", "--flush_bytes=64KiB");
        RawClient client = new RawClient(small)) {
      for (String key : new String[] {"sesame", "wrong"}) {
        String field = "\"secret_key\":\"" + key + '"';
        String body = '{' + (keyFirst ? field + ',' + events : events + ',' + field) + '}';
        client.send(RawClient.post("/apps/a/events", body, header));
        String told = key.equals("wrong") ? "wrong_secret_key" : "body_too_large";
        assertEquals(told, client.read().reason());
      }
      String body = '{' + events + '}';
      client.send(RawClient.post("/apps/a/events", body, header, "Authorization: Bearer wrong"));
      assertEquals("wrong_secret_key", client.read().reason());
      String rejected = "attolytics_events_rejected_total{app=\"a\",reason=\"body_too_large\"}";
      assertEquals(100, small.metric(rejected));
    }
  }

  private static String reasonOf(String document) {
    return new Answer(0, java.util.Map.of(), document).reason();
  }

  @Test
  void invalidEvents_areReportedUpToAHundred() throws Exception {
    for (int count : new int[] {1, 99, 100, 101, 500}) {
      String events =
          IntStream.range(0, count)
              .mapToObj(i -> "{\"_t\":\"t\",\"n\":\"\"}")
              .collect(Collectors.joining(","));
      String body = service.post(events).body();
      assertEquals(Math.min(100, count), body.split("\"pointer\":", -1).length - 1);
    }
  }

  @Test
  void refusedEvents_countOnceUnderOneReason() throws Exception {
    String reasons = "attolytics_events_rejected_total{app=\"a\",reason=";
    double before = service.metric(reasons + "\"invalid_events\"}");
    double keys = service.metric(reasons + "\"wrong_secret_key\"}");
    String unknown = "attolytics_http_requests_total{app=\"unknown\",status=\"404\"}";
    double unknownBefore = service.metric(unknown);
    service.post("{\"_t\":\"t\"},{\"_t\":\"t\",\"n\":\"\",\"x\":1},{}");
    try (RawClient client = new RawClient(service)) {
      client.send(RawClient.post("/apps/a/events", wrong("no", "t"))).read();
      client.send(RawClient.post("/apps/nobody/events", GOOD)).read();
    }
    assertEquals(3, service.metric(reasons + "\"invalid_events\"}") - before);
    assertEquals(2, service.metric(reasons + "\"wrong_secret_key\"}") - keys);
    assertEquals(1, service.metric(unknown) - unknownBefore);
  }
}
