package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.app.RunningService;
import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The public port, as a client sees it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IngestIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns:
            - {name: n, type: i32}
            - {name: s, required: true}
            - {name: referer, header: Referer}
        u: {columns: [{name: b, type: bool}]}
        hidden: {columns: [{name: x}]}
      apps:
        a: {secret_key: sesame, tables: [t, u]}
        page: {secret_key: [new, old], tables: [t], access_control_allow_origin: "http://example.com"}
        "odd id/ü": {secret_key: sesame, tables: [t], validation: lenient}
      """;
  private static final String GOOD = "{\"_t\":\"t\",\"n\":1,\"s\":\"x\"}";
  private static final String BODY = "{\"secret_key\":\"sesame\",\"events\":[" + GOOD + "]}";

  private RunningService service;

  @BeforeAll
  void start() throws Exception {
    service = RunningService.start(SCHEMA, "", "--max_body=16KiB");
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  @BeforeEach
  void empty() throws Exception {
    service.execute("TRUNCATE t, u");
  }

  private HttpRequest.Builder json(String path, String body) {
    return service
        .to(path)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(body));
  }

  private HttpResponse<String> post(String body) throws Exception {
    return service.send(json("/apps/a/events", body));
  }

  private void assertProblem(int status, String reason, HttpResponse<String> answer)
      throws Exception {
    assertEquals(status, answer.statusCode(), answer.body());
    assertEquals(
        "application/problem+json", answer.headers().firstValue("Content-Type").orElse(""));
    assertTrue(
        answer.body().contains("\"type\":\"urn:attolytics:problem:" + reason + "\""),
        answer.body());
    assertTrue(answer.body().contains("\"status\":" + status), answer.body());
    assertFalse(answer.body().contains("sesame"), answer.body());
    assertEquals("0", service.query("SELECT count(*) FROM t"));
  }

  @Test
  void validRequest_isCommittedWhenAnsweredWithAnEmpty200() throws Exception {
    HttpResponse<String> answer = post(BODY);
    assertEquals(200, answer.statusCode());
    assertEquals("", answer.body());
    assertEquals("1", service.query("SELECT count(*) FROM t WHERE n = 1 AND s = 'x'"));
  }

  @Test
  void noEvents_are200() throws Exception {
    assertEquals(200, service.post("").statusCode());
  }

  @Test
  void tablesOfARequest_areStoredInOneTransaction() throws Exception {
    assertEquals(200, service.post(GOOD + ",{\"_t\":\"u\",\"b\":true}," + GOOD).statusCode());
    assertEquals("2,1", service.query("SELECT (SELECT count(*) FROM t) || ',' || count(*) FROM u"));
    service.execute("TRUNCATE t, u");
    assertProblem(400, "invalid_events", service.post(GOOD + ",{\"_t\":\"u\",\"b\":1}"));
    assertEquals("0", service.query("SELECT count(*) FROM u"));
  }

  @Test
  void invalidEvents_areReportedWithEventAndField() throws Exception {
    HttpResponse<String> answer = service.post(GOOD + ",{\"_t\":\"t\",\"n\":\"1\"}");
    assertProblem(400, "invalid_events", answer);
    assertTrue(
        answer
            .body()
            .contains("\"event\":1,\"pointer\":\"/events/1/n\",\"code\":\"type_mismatch\""));
    assertTrue(answer.body().contains("\"pointer\":\"/events/1/s\",\"code\":\"missing_field\""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "400 | malformed_body   | {",
        "400 | malformed_body   | {\"secret_key\":\"sesame\",\"events\":[],\"events\":[]}",
        "422 | invalid_request  | []",
        "422 | invalid_request  | {\"events\":[]}",
        "422 | invalid_request  | {\"secret_key\":\"wrong\"}",
        "403 | wrong_secret_key | {\"secret_key\":\"wrong\",\"events\":[{\"_t\":\"nope\"},{\"_t\":\"t\",\"n\":\"\"}]}",
        "404 | unknown_table    | {\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"n\":\"\"},{\"_t\":\"hidden\"}]}",
        "400 | invalid_events   | {\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\"}]}"
      })
  void refusal_isTheFirstThatApplies(int status, String reason, String body) throws Exception {
    assertProblem(status, reason, post(body));
  }

  @Test
  void wrongKey_revealsNothingAboutTables() throws Exception {
    String body = post("{\"secret_key\":\"x\",\"events\":[{\"_t\":\"hidden\",\"q\":1}]}").body();
    assertFalse(body.contains("hidden") || body.contains("errors"), body);
  }

  @Test
  void unknownPathAndApp_are404() throws Exception {
    assertProblem(404, "unknown_app", service.send(json("/apps/b/events", BODY)));
    assertProblem(404, "unknown_path", service.send(json("/apps/a/other", BODY)));
    assertProblem(404, "unknown_path", service.send(json("/apps//events", BODY)));
  }

  @Test
  void extraSlashes_areIgnored() throws Exception {
    assertEquals(200, service.send(json("/apps/a/events/", BODY)).statusCode());
    assertEquals(200, service.send(json("//apps//a/events", BODY)).statusCode());
  }

  @Test
  void otherMethods_are405WithAllow() throws Exception {
    HttpResponse<String> answer = service.send(service.to("/apps/a/events").GET());
    assertProblem(405, "method_not_allowed", answer);
    assertEquals("POST, OPTIONS", answer.headers().firstValue("Allow").orElse(""));
    assertEquals(
        405,
        service
            .send(service.to("/apps/a/events").method("HEAD", BodyPublishers.noBody()))
            .statusCode());
  }

  @ParameterizedTest
  @CsvSource({
    "application/json, 200",
    "Application/JSON;charset=UTF-8, 200",
    "application/json; charset=\"utf-8\", 200",
    "application/json; charset=latin1, 415",
    "text/plain, 415",
    "application/jsonx, 415"
  })
  void contentType_mustBeJsonInUtf8(String type, int status) throws Exception {
    HttpRequest.Builder request =
        service
            .to("/apps/a/events")
            .header("Content-Type", type)
            .POST(BodyPublishers.ofString(BODY));
    assertEquals(status, service.send(request).statusCode());
  }

  @Test
  void missingContentType_is415() throws Exception {
    assertProblem(
        415,
        "unsupported_media_type",
        service.send(service.to("/apps/a/events").POST(BodyPublishers.ofString(BODY))));
  }

  @Test
  void unknownEncoding_is415() throws Exception {
    assertProblem(
        415,
        "unsupported_encoding",
        service.send(json("/apps/a/events", BODY).header("Content-Encoding", "br")));
  }

  @Test
  void gzip_isDecompressedUpToTheLimit() throws Exception {
    assertEquals(200, gzipped(BODY).statusCode());
    service.execute("TRUNCATE t");
    assertProblem(413, "body_too_large", gzipped(" ".repeat(5_000_000)));
    assertProblem(
        400,
        "malformed_body",
        service.send(json("/apps/a/events", BODY).header("Content-Encoding", "gzip")));
  }

  private HttpResponse<String> gzipped(String body) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(body.getBytes(StandardCharsets.UTF_8));
    }
    return service.send(
        json("/apps/a/events", "")
            .header("Content-Encoding", "gzip")
            .POST(BodyPublishers.ofByteArray(bytes.toByteArray())));
  }

  @Test
  void bodyOverTheLimit_is413() throws Exception {
    assertProblem(413, "body_too_large", post(BODY + " ".repeat(16 << 10)));
    assertProblem(413, "body_too_large", post(" ".repeat(5_000_000)));
    String exact = BODY + " ".repeat((16 << 10) - BODY.length());
    assertEquals(200, post(exact).statusCode());
  }

  @Test
  void chunkedBody_isAcceptedUpToTheSameLimit() throws Exception {
    String head =
        "POST /apps/a/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    String chunk = Integer.toHexString(BODY.length()) + "\r\n" + BODY + "\r\n0\r\n\r\n";
    assertTrue(service.raw(head + chunk, false).startsWith("HTTP/1.1 200 "));
    service.execute("TRUNCATE t");
    String large = Integer.toHexString(100_000) + "\r\n" + " ".repeat(100_000) + "\r\n0\r\n\r\n";
    assertTrue(service.raw(head + large, false).startsWith("HTTP/1.1 413 "));
    assertFalse(service.raw(head + "10\r\nabc", true).startsWith("HTTP/1.1 200 "));
    assertEquals("0", service.query("SELECT count(*) FROM t"));
  }

  private static String request(String body, String... headers) {
    return "POST /apps/a/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
        + body.length()
        + "\r\n"
        + String.join("", headers)
        + "\r\n"
        + body;
  }

  @Test
  void pipelinedRequests_areAnsweredInOrder() throws Exception {
    String answers =
        service.raw(request(BODY) + request("{") + request(BODY, "Connection: close\r\n"), false);
    assertEquals(
        List.of("200", "400", "200"),
        Pattern.compile("HTTP/1.1 (\\d+)")
            .matcher(answers)
            .results()
            .map(r -> r.group(1))
            .toList());
    assertEquals("2", service.query("SELECT count(*) FROM t"));
  }

  @Test
  void halfClosedClient_getsItsAnswer() throws Exception {
    assertTrue(service.raw(request(BODY), true).startsWith("HTTP/1.1 200 "));
  }

  @Test
  void http10_isServed() throws Exception {
    String answer = service.raw(request(BODY).replace("HTTP/1.1", "HTTP/1.0"), false);
    assertTrue(answer.contains(" 200 "), answer);
  }

  @Test
  void incompleteBody_storesNothing() throws Exception {
    String whole = request(BODY);
    String answer = service.raw(whole.substring(0, whole.length() - 5), true);
    assertFalse(answer.startsWith("HTTP/1.1 200"), answer);
    assertEquals("0", service.query("SELECT count(*) FROM t"));
  }

  @Test
  void expectContinue_isSupported() throws Exception {
    try (Socket socket = new Socket("localhost", service.service().port())) {
      socket.setSoTimeout(20_000);
      String whole = request(BODY, "Expect: 100-continue\r\nConnection: close\r\n");
      int body = whole.length() - BODY.length();
      socket.getOutputStream().write(whole.substring(0, body).getBytes(StandardCharsets.UTF_8));
      byte[] head = socket.getInputStream().readNBytes("HTTP/1.1 100 Continue\r\n".length());
      assertEquals("HTTP/1.1 100 Continue\r\n", new String(head, StandardCharsets.US_ASCII));
      socket.getOutputStream().write(whole.substring(body).getBytes(StandardCharsets.UTF_8));
      String rest = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(rest.contains("HTTP/1.1 200 OK"), rest);
    }
  }

  @Test
  void bearer_replacesTheKeyAndMustBeRight() throws Exception {
    String keyless = "{\"events\":[" + GOOD + "]}";
    assertEquals(
        200,
        service
            .send(json("/apps/a/events", keyless).header("Authorization", "Bearer sesame"))
            .statusCode());
    service.execute("TRUNCATE t");
    assertProblem(
        403,
        "wrong_secret_key",
        service.send(json("/apps/a/events", keyless).header("Authorization", "Bearer nope")));
    HttpResponse<String> oneOfTwo =
        service.send(json("/apps/a/events", BODY).header("Authorization", "Bearer nope"));
    assertProblem(403, "wrong_secret_key", oneOfTwo);
    assertTrue(oneOfTwo.body().contains("both have to be"), oneOfTwo.body());
  }

  @Test
  void eachKeyOfAList_isAccepted() throws Exception {
    for (String key : new String[] {"new", "old"}) {
      assertEquals(
          200, service.send(json("/apps/page/events", BODY.replace("sesame", key))).statusCode());
    }
  }

  @Test
  void headerColumn_hasTheFirstValue() throws Exception {
    service.send(
        json("/apps/a/events", BODY)
            .header("Referer", "http://one/")
            .header("Referer", "http://two/"));
    assertEquals("http://one/", service.query("SELECT referer FROM t"));
  }

  @Test
  void headerColumn_keepsUtf8() throws Exception {
    service.raw(
        request(BODY, "Referer: h\u00FCt\uD83D\uDE00\r\nConnection: close\r\n")
            .replace("Content-Length: " + BODY.length(), "Content-Length: " + BODY.length()),
        false);
    assertEquals("h\u00FCt\uD83D\uDE00", service.query("SELECT referer FROM t"));
  }

  @Test
  void percentEncodedAppId_isDecoded() throws Exception {
    String path = "/apps/odd%20id%2F%C3%BC/events";
    assertEquals(
        200, service.send(json(path, BODY.replace("\"n\":1", "\"n\":\"x\""))).statusCode());
    assertEquals("null", service.query("SELECT n FROM t"));
  }

  @Test
  void idempotencyKey_has1To255Characters() throws Exception {
    assertProblem(
        400,
        "invalid_idempotency_key",
        service.send(json("/apps/a/events", BODY).header("Idempotency-Key", "k".repeat(256))));
  }

  /** Which one would count for a repeat, if a gateway adds one of its own to each attempt? */
  @Test
  void severalIdempotencyKeys_areRefused() throws Exception {
    assertProblem(
        400,
        "invalid_idempotency_key",
        service.send(
            json("/apps/a/events", BODY)
                .header("Idempotency-Key", "gateway")
                .header("Idempotency-Key", "client")));
  }

  @Test
  void idempotencyKey_isTextInUtf8_orElseLatin1() throws Exception {
    for (String key : List.of("\u043a".repeat(255), "\ud83d\ude00".repeat(255))) {
      byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
      assertEquals(200, postWithKey(bytes));
      assertEquals(key, service.query("SELECT key FROM attolytics_idempotency"));
      service.execute("DELETE FROM attolytics_idempotency");
    }
    assertEquals(200, postWithKey(new byte[] {'h', (byte) 0xfc, 't'}));
    assertEquals("h\u00fct", service.query("SELECT key FROM attolytics_idempotency"));
    assertEquals(400, postWithKey("\u043a".repeat(256).getBytes(StandardCharsets.UTF_8)));
  }

  private int postWithKey(byte[] key) throws Exception {
    // One char per byte.
    String value = new String(key, StandardCharsets.ISO_8859_1);
    String request = request(BODY, "Idempotency-Key: " + value + "\r\nConnection: close\r\n");
    String answer = service.raw(request.getBytes(StandardCharsets.ISO_8859_1), false);
    return Integer.parseInt(answer.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
  }

  @Test
  void disallowedOrigin_isRefusedAndStoresNothing() throws Exception {
    HttpRequest.Builder request =
        json("/apps/page/events", BODY.replace("sesame", "new")).header("Origin", "http://evil");
    assertProblem(403, "origin_not_allowed", service.send(request));
  }

  @Test
  void corsHeaders_areOnAllAnswers() throws Exception {
    for (String body : new String[] {BODY.replace("sesame", "new"), "{"}) {
      HttpResponse<String> answer =
          service.send(json("/apps/page/events", body).header("Origin", "http://example.com"));
      assertEquals(
          "http://example.com",
          answer.headers().firstValue("Access-Control-Allow-Origin").orElse(""));
    }
  }

  @Test
  void preflight_isAnsweredForPost() throws Exception {
    HttpResponse<String> answer =
        service.send(
            service
                .to("/apps/page/events")
                .header("Origin", "http://example.com")
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "content-type")
                .method("OPTIONS", BodyPublishers.noBody()));
    assertEquals(204, answer.statusCode());
    assertEquals("POST", answer.headers().firstValue("Access-Control-Allow-Methods").orElse(""));
    assertEquals(
        "content-type", answer.headers().firstValue("Access-Control-Allow-Headers").orElse(""));
  }

  @Test
  void adminPages_areNotOnThePublicPort() throws Exception {
    assertEquals(404, service.send(service.to("/metrics").GET()).statusCode());
    assertEquals("alive\n", service.admin("/healthz"));
    assertEquals("ready\n", service.admin("/readyz"));
  }

  @Test
  void metrics_agreeWithTheTraffic() throws Exception {
    String ok = "attolytics_http_requests_total{app=\"a\",status=\"200\"}";
    String rejected = "attolytics_events_rejected_total{app=\"a\",reason=\"invalid_events\"}";
    String committed = "attolytics_events_committed_total{table=\"t\"}";
    double okBefore = service.metric(ok);
    double rejectedBefore = service.metric(rejected);
    double committedBefore = service.metric(committed);
    service.post(GOOD + "," + GOOD);
    service.post(GOOD + ",{}," + GOOD);
    assertEquals(1, service.metric(ok) - okBefore);
    assertEquals(3, service.metric(rejected) - rejectedBefore);
    assertEquals(2, service.metric(committed) - committedBefore);
    assertEquals(0, service.metric("attolytics_ring_used_rows"));
    assertEquals(0, service.metric("attolytics_buffer_bytes"));
  }
}
