package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.app.RunningService;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The headers that a browser goes by; what browsers make of them is {@link BrowserIT}'s. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CorsIT {
  private static final String SITE = "http://example.com";
  private static final String ORIGIN = "Origin";
  private static final String VARY = "Vary";
  private static final String ALLOW_ORIGIN = "Access-Control-Allow-Origin";
  private static final String ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials";
  private static final String ALLOW_METHODS = "Access-Control-Allow-Methods";
  private static final String ALLOW_HEADERS = "Access-Control-Allow-Headers";
  private static final String EXPOSE_HEADERS = "Access-Control-Expose-Headers";
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: n, type: i32}, {name: s}]}
        broken: {columns: [{name: n, type: i32}]}
      apps:
        any: {secret_key: sesame, tables: [t]}
        site: {secret_key: sesame, tables: [t, broken], access_control_allow_origin: "http://example.com"}
        files: {secret_key: sesame, tables: [t], access_control_allow_origin: "null"}
      """;

  private RunningService service;

  @BeforeAll
  void start() throws Exception {
    service =
        RunningService.start(
            SCHEMA, "", "--max_body=16KiB", "--max_buffer=64KiB", "--flush_bytes=64KiB");
    service.execute("ALTER TABLE t ADD UNIQUE (n); DROP TABLE broken");
  }

  @AfterAll
  void stop() throws Exception {
    service.close();
  }

  @BeforeEach
  void empty() throws Exception {
    service.execute("TRUNCATE t");
  }

  private HttpRequest.Builder post(String app, String events) {
    return service
        .to("/apps/" + app + "/events")
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString("{\"secret_key\":\"sesame\",\"events\":[" + events + "]}"));
  }

  private HttpRequest.Builder preflight(String app, String origin, String method) {
    return service
        .to("/apps/" + app + "/events")
        .header(ORIGIN, origin)
        .header("Access-Control-Request-Method", method)
        .method("OPTIONS", BodyPublishers.noBody());
  }

  private static @Nullable String header(HttpResponse<?> answer, String name) {
    HttpHeaders headers = answer.headers();
    assertTrue(headers.allValues(name).size() < 2, headers::toString);
    return headers.firstValue(name).orElse(null);
  }

  private static void assertNoCorsHeaders(HttpResponse<?> answer) {
    assertTrue(
        answer.headers().map().keySet().stream()
            .noneMatch(name -> name.startsWith("access-control-")),
        answer.headers()::toString);
  }

  private void assertRows(int rows) throws Exception {
    assertEquals(String.valueOf(rows), service.query("SELECT count(*) FROM t"));
  }

  @ParameterizedTest
  @CsvSource({
    "site, http://example.com, http://example.com",
    "any, https://anywhere.example:8443, *",
    "any, null, *",
    "files, null, null"
  })
  void preflight_allowsPostFromTheOriginOfTheApp(String app, String origin, String allowed)
      throws Exception {
    HttpResponse<String> answer = service.send(preflight(app, origin, "POST"));
    assertEquals(204, answer.statusCode());
    assertEquals("", answer.body());
    assertEquals(allowed, header(answer, ALLOW_ORIGIN));
    assertEquals("POST", header(answer, ALLOW_METHODS));
    assertEquals("POST, OPTIONS", header(answer, "Allow"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "content-type",
        "authorization,content-encoding,content-type,idempotency-key,x-of-a-header-column"
      })
  void preflight_allowsTheHeadersThatThePageAsksFor(String asked) throws Exception {
    HttpResponse<String> answer =
        service.send(
            preflight("site", SITE, "POST").header("Access-Control-Request-Headers", asked));
    assertEquals(asked, header(answer, ALLOW_HEADERS));
  }

  @Test
  void preflight_withoutRequestedHeaders_allowsTheUsualOnes() throws Exception {
    assertEquals(
        "Content-Type, Content-Encoding, Authorization, Idempotency-Key, Prefer",
        header(service.send(preflight("site", SITE, "POST")), ALLOW_HEADERS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "DELETE", "GET", "post"})
  void preflight_forAnotherMethod_allowsPostOnly(String method) throws Exception {
    HttpResponse<String> answer = service.send(preflight("site", SITE, method));
    assertEquals("POST", header(answer, ALLOW_METHODS));
  }

  @ParameterizedTest
  @CsvSource({"site, http://evil.example", "site, null", "files, http://example.com"})
  void preflight_fromAnotherOrigin_is403(String app, String origin) throws Exception {
    HttpResponse<String> answer = service.send(preflight(app, origin, "POST"));
    assertEquals(403, answer.statusCode());
    assertTrue(answer.body().contains("origin_not_allowed"), answer.body());
    assertNoCorsHeaders(answer);
  }

  @Test
  void preflight_toUnknownApp_is404() throws Exception {
    HttpResponse<String> answer = service.send(preflight("nobody", SITE, "POST"));
    assertEquals(404, answer.statusCode());
    assertNull(header(answer, ALLOW_METHODS));
  }

  @Test
  void refusalOfNoApp_isReadableByAnyPage() throws Exception {
    HttpResponse<String> answer = service.send(post("nobody", "").header(ORIGIN, SITE));
    assertEquals(404, answer.statusCode());
    assertEquals("*", header(answer, ALLOW_ORIGIN));
    assertNull(header(answer, ALLOW_CREDENTIALS));
    assertNoCorsHeaders(service.send(post("nobody", "")));
  }

  @Test
  void options_withoutOrigin_hasAllow() throws Exception {
    HttpResponse<String> answer =
        service.send(service.to("/apps/site/events").method("OPTIONS", BodyPublishers.noBody()));
    assertEquals(204, answer.statusCode());
    assertEquals("POST, OPTIONS", header(answer, "Allow"));
    assertNoCorsHeaders(answer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://evil.example",
        "https://example.com",
        "http://example.com:8080",
        "http://example.com.evil.example",
        "http://www.example.com",
        "http://EXAMPLE.com",
        "null",
        "*",
        " "
      })
  void post_fromAnotherOrigin_is403AndStoresNothing(String origin) throws Exception {
    HttpResponse<String> answer =
        service.send(post("site", "{\"_t\":\"t\"}").header(ORIGIN, origin));
    assertEquals(403, answer.statusCode());
    assertTrue(answer.body().contains("origin_not_allowed"), answer.body());
    assertNoCorsHeaders(answer);
    assertRows(0);
  }

  @ParameterizedTest
  @CsvSource({
    "site, http://example.com, http://example.com",
    "any, https://anywhere.example:8443, *",
    "any, null, *",
    "files, null, null"
  })
  void post_fromAllowedOrigin_isStoredAndReadable(String app, String origin, String allowed)
      throws Exception {
    HttpResponse<String> answer = service.send(post(app, "{\"_t\":\"t\"}").header(ORIGIN, origin));
    assertEquals(200, answer.statusCode());
    assertEquals(allowed, header(answer, ALLOW_ORIGIN));
    assertRows(1);
  }

  @Test
  void post_withoutOrigin_isStoredWithoutCorsHeaders() throws Exception {
    HttpResponse<String> answer = service.send(post("site", "{\"_t\":\"t\"}"));
    assertEquals(200, answer.statusCode());
    assertNoCorsHeaders(answer);
    assertRows(1);
  }

  @Test
  void vary_isOriginIfTheAnswerDependsOnIt() throws Exception {
    assertEquals(ORIGIN, header(service.send(preflight("site", SITE, "POST")), VARY));
    assertEquals(ORIGIN, header(service.send(preflight("site", "http://evil", "POST")), VARY));
    assertEquals(ORIGIN, header(service.send(post("site", "")), VARY));
    assertEquals(null, header(service.send(post("any", "").header(ORIGIN, SITE)), VARY));
  }

  @Test
  void credentials_areAllowedForNamedOriginsOnly() throws Exception {
    assertEquals("true", header(service.send(preflight("site", SITE, "POST")), ALLOW_CREDENTIALS));
    assertEquals(
        "true", header(service.send(post("site", "").header(ORIGIN, SITE)), ALLOW_CREDENTIALS));
    assertEquals(null, header(service.send(preflight("any", SITE, "POST")), ALLOW_CREDENTIALS));
    assertEquals(null, header(service.send(preflight("files", "null", "POST")), ALLOW_CREDENTIALS));
  }

  private void assertReadable(int status, HttpRequest.Builder request) throws Exception {
    assertReadable(status, service.send(request.header(ORIGIN, SITE)));
  }

  private static void assertReadable(int status, HttpResponse<String> answer) {
    assertEquals(status, answer.statusCode(), answer.body());
    assertEquals(SITE, header(answer, ALLOW_ORIGIN));
    assertEquals(
        "Retry-After, Idempotency-Replayed, Preference-Applied", header(answer, EXPOSE_HEADERS));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "400 | {",
        "400 | {\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"n\":\"\"}]}",
        "403 | {\"secret_key\":\"wrong\",\"events\":[]}",
        "404 | {\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"none\"}]}",
        "409 | {\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"n\":1},{\"_t\":\"t\",\"n\":1}]}",
        "422 | {\"events\":[]}",
        "500 | {\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"broken\"}]}"
      })
  void refusalOfABody_isReadable(int status, String body) throws Exception {
    assertReadable(status, post("site", "").POST(BodyPublishers.ofString(body)));
  }

  @Test
  void refusalOfHeaders_isReadable() throws Exception {
    assertReadable(400, post("site", "").header("Idempotency-Key", "k".repeat(256)));
    assertReadable(405, post("site", "").PUT(BodyPublishers.noBody()));
    assertReadable(413, post("site", " ".repeat(17 << 10)));
    assertReadable(415, post("site", "").setHeader("Content-Type", "text/plain"));
    assertReadable(415, post("site", "").header("Content-Encoding", "br"));
  }

  @Test
  void refusalBecauseOfFullBuffer_isReadableWithRetryAfter() throws Exception {
    String large = "{\"_t\":\"t\",\"s\":\"%s\"}".formatted("x".repeat(10_000));
    List<CompletableFuture<HttpResponse<String>>> answers;
    try (Connection holder = service.database().connect();
        Statement sql = holder.createStatement()) {
      holder.setAutoCommit(false);
      sql.execute("LOCK TABLE t");
      answers =
          Stream.generate(() -> service.sendAsync(post("site", large).header(ORIGIN, SITE)))
              .limit(20)
              .toList();
      // What is accepted waits for the table: the first to be answered found the buffer full.
      @SuppressWarnings("unchecked")
      HttpResponse<String> first =
          (HttpResponse<String>)
              CompletableFuture.anyOf(answers.toArray(CompletableFuture[]::new)).get();
      assertReadable(503, first);
      assertTrue(first.headers().firstValueAsLong("Retry-After").orElse(0) > 0);
    }
    int stored = 0;
    for (CompletableFuture<HttpResponse<String>> answer : answers) {
      stored += answer.get().statusCode() == 200 ? 1 : 0;
    }
    assertRows(stored);
  }
}
