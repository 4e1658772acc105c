package attolytics.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.app.RunningService;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests whose invalid events do not refuse the others. */
@Timeout(120)
class LenientIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: n, type: i32, required: true}, {name: agent, header: User-Agent}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
        q: {secret_key: sesame, tables: [t], invalid_events: quarantine}
      """;
  private static final String TABLE =
      "CREATE TABLE t (n INT4 PRIMARY KEY CHECK (n <> 13), agent VARCHAR)";
  private static final String GOOD = "{\"_t\":\"t\",\"n\":1}";
  private static final String BAD = "{\"_t\":\"t\",\"n\":\"x\"}";

  private RunningService service;

  @BeforeEach
  void start() throws Exception {
    service = RunningService.start(SCHEMA, TABLE);
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
  }

  private HttpRequest.Builder request(String app, String events) {
    return request(service, app, events);
  }

  private static HttpRequest.Builder request(RunningService to, String app, String events) {
    return to.to("/apps/" + app + "/events")
        .header("Content-Type", "application/json")
        .header("User-Agent", "tests")
        .POST(BodyPublishers.ofString("{\"secret_key\":\"sesame\",\"events\":[" + events + "]}"));
  }

  private HttpResponse<String> lenient(String events) throws Exception {
    return service.send(request("a", events).header("Prefer", "handling=lenient"));
  }

  private static void assertAnswer(String counts, HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals("application/json", answer.headers().firstValue("Content-Type").orElse(""));
    assertTrue(answer.body().startsWith("{" + counts + ",\"errors\":["), answer.body());
  }

  private static Optional<String> applied(HttpResponse<String> answer) {
    return answer.headers().firstValue("Preference-Applied");
  }

  private String quarantine() throws Exception {
    return service.query(
        "SELECT string_agg(concat_ws(' ', app, table_name, code, pointer, event, headers),"
            + " '; ' ORDER BY id) FROM attolytics_quarantine");
  }

  @Test
  void validEventsAreStored_andInvalidOnesQuarantined() throws Exception {
    HttpResponse<String> answer = lenient(GOOD + "," + BAD + ",7,{\"_t\":\"x\"}");
    assertAnswer("\"stored\":1,\"duplicates\":0,\"quarantined\":3", answer);
    assertEquals(Optional.of("handling=lenient"), applied(answer));
    assertTrue(
        answer.body().contains("\"pointer\":\"/events/1/n\",\"code\":\"type_mismatch\""),
        answer.body());
    assertEquals("1 tests", service.query("SELECT concat_ws(' ', n, agent) FROM t"));
    String headers = "{\"user-agent\": \"tests\"}";
    assertEquals(
        "a t type_mismatch /n "
            + BAD
            + " "
            + headers
            + "; a not_an_event  7 "
            + headers
            + "; a x unknown_table /_t {\"_t\":\"x\"} "
            + headers,
        quarantine());
    assertEquals(
        1, service.metric("attolytics_events_quarantined_total{app=\"a\",code=\"unknown_table\"}"));
    assertEquals(1, service.metric("attolytics_events_accepted_total{app=\"a\"}"));
  }

  @Test
  void withoutPreference_nothingChanges() throws Exception {
    HttpResponse<String> refused = service.send(request("a", GOOD + "," + BAD));
    assertEquals(400, refused.statusCode());
    HttpResponse<String> stored = service.send(request("a", GOOD));
    assertEquals("200 ", stored.statusCode() + " " + stored.body());
    assertEquals(Optional.empty(), applied(stored));
    assertEquals("0", service.query("SELECT count(*) FROM attolytics_quarantine"));
  }

  @Test
  void app_canAskForQuarantine_andTheClientForStrictHandling() throws Exception {
    HttpResponse<String> lenient = service.send(request("q", BAD));
    assertAnswer("\"stored\":0,\"duplicates\":0,\"quarantined\":1", lenient);
    assertEquals(Optional.empty(), applied(lenient));
    HttpResponse<String> strict =
        service.send(request("q", BAD).header("Prefer", "handling=strict"));
    assertEquals(400, strict.statusCode(), strict.body());
    HttpResponse<String> unknown =
        service.send(request("q", BAD).header("Prefer", "handling=loose, wait=5"));
    assertAnswer("\"stored\":0,\"duplicates\":0,\"quarantined\":1", unknown);
  }

  @Test
  void emptyRequest_isAnsweredWithCounts() throws Exception {
    assertAnswer("\"stored\":0,\"duplicates\":0,\"quarantined\":0", lenient(""));
  }

  @Test
  void wrongKeyAndWrongShape_storeNothing() throws Exception {
    HttpRequest.Builder wrongKey =
        service
            .to("/apps/q/events")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"events\":[" + BAD + "],\"secret_key\":\"wrong\"}"));
    assertEquals(403, service.send(wrongKey).statusCode());
    HttpRequest.Builder malformed =
        service
            .to("/apps/q/events")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"secret_key\":\"sesame\",\"events\":[" + BAD + "]"));
    assertEquals(400, service.send(malformed).statusCode());
    assertEquals("0", service.query("SELECT count(*) FROM attolytics_quarantine"));
  }

  @Test
  void repeat_getsTheSameAnswer() throws Exception {
    String events = GOOD + "," + BAD;
    HttpRequest.Builder first =
        request("a", events).header("Prefer", "handling=lenient").header("Idempotency-Key", "k");
    HttpResponse<String> stored = service.send(first);
    assertAnswer("\"stored\":1,\"duplicates\":0,\"quarantined\":1", stored);
    service.reload(SCHEMA.replace(", {name: agent, header: User-Agent}", ""));
    HttpResponse<String> repeated = service.send(first);
    assertEquals(stored.body(), repeated.body());
    assertEquals(200, repeated.statusCode());
    assertEquals("true", repeated.headers().firstValue("Idempotency-Replayed").orElse(""));
    assertEquals(Optional.of("handling=lenient"), applied(repeated));
    assertEquals("1", service.query("SELECT count(*) FROM t"));
    assertEquals("1", service.query("SELECT count(*) FROM attolytics_quarantine"));
    assertEquals("k", service.query("SELECT idempotency_key FROM attolytics_quarantine"));
  }

  @Test
  void repeat_hasToAskForTheSameHandling() throws Exception {
    HttpRequest.Builder first =
        request("a", GOOD).header("Prefer", "handling=lenient").header("Idempotency-Key", "k");
    assertEquals(200, service.send(first).statusCode());
    HttpResponse<String> strict = service.send(request("a", GOOD).header("Idempotency-Key", "k"));
    assertEquals(422, strict.statusCode(), strict.body());
    assertTrue(strict.body().contains("handling"), strict.body());
  }

  @Test
  void rowsThatTheDatabaseRefuses_areTakenOut() throws Exception {
    service.execute("INSERT INTO t VALUES (5)");
    HttpResponse<String> answer =
        lenient(
            "{\"_t\":\"t\",\"n\":5},{\"_t\":\"t\",\"n\":6},{\"_t\":\"t\",\"n\":13},"
                + "{\"_t\":\"t\",\"n\":7},"
                + BAD);
    assertAnswer("\"stored\":2,\"duplicates\":0,\"quarantined\":3", answer);
    assertTrue(
        answer.body().contains("{\"event\":0,\"pointer\":\"/events/0\",\"code\":\"conflict\""),
        answer.body());
    assertTrue(answer.body().contains("\"event\":2,\"pointer\":\"/events/2\""), answer.body());
    assertEquals("5,6,7", service.query("SELECT string_agg(n::text, ',' ORDER BY n) FROM t"));
    assertEquals(
        "conflict,refused_by_database,type_mismatch",
        service.query("SELECT string_agg(code, ',' ORDER BY code) FROM attolytics_quarantine"));
  }

  /** It quotes the value, of whatever length. */
  @Test
  void messageOfTheDatabase_isCut() throws Exception {
    String schema =
        """
        tables: {t: {columns: [{name: version}]}}
        apps: {a: {secret_key: sesame, tables: [t]}}
        """;
    String table =
        "CREATE TABLE t (version VARCHAR,"
            + " major INT4 GENERATED ALWAYS AS (split_part(version, '.', 1)::INT4) STORED)";
    try (RunningService generating = RunningService.start(schema, table)) {
      String event = "{\"_t\":\"t\",\"version\":\"" + "x".repeat(900_000) + "\"}";
      HttpRequest.Builder request = request(generating, "a", event);
      HttpResponse<String> refused = generating.send(request);
      assertEquals(400, refused.statusCode());
      assertShort(refused.body());
      request.header("Prefer", "handling=lenient").header("Idempotency-Key", "k");
      HttpResponse<String> quarantined = generating.send(request);
      assertEquals(200, quarantined.statusCode());
      assertShort(quarantined.body());
      assertShort(generating.query("SELECT detail FROM attolytics_quarantine"));
      assertShort(generating.query("SELECT answer FROM attolytics_idempotency"));
    }
  }

  private static void assertShort(String text) {
    assertTrue(text.length() < 1000, "" + text.length());
    assertTrue(text.contains("\"xxx"), text);
    assertTrue(text.contains("…") || text.contains("\\u2026"), text);
  }

  @Test
  void moreRefusedRowsThanAHundred_refuseTheRequest() throws Exception {
    HttpResponse<String> answer = lenient("{\"_t\":\"t\",\"n\":13},".repeat(101) + GOOD);
    assertEquals(400, answer.statusCode(), answer.body());
    assertEquals("0", service.query("SELECT count(*) FROM t"));
    assertEquals("0", service.query("SELECT count(*) FROM attolytics_quarantine"));
  }

  @Test
  void appOrPreferenceChangedSince_theRepeatGetsTheAnswerOfTheFirst() throws Exception {
    HttpRequest.Builder byApp = request("q", GOOD).header("Idempotency-Key", "app");
    HttpResponse<String> counted = service.send(byApp);
    assertAnswer("\"stored\":1,\"duplicates\":0,\"quarantined\":0", counted);
    service.reload(SCHEMA.replace(", invalid_events: quarantine", ""));
    assertRepeats(counted, service.send(byApp));
    HttpRequest.Builder strict =
        request("q", "{\"_t\":\"t\",\"n\":2}").header("Idempotency-Key", "strict");
    HttpResponse<String> empty = service.send(strict);
    assertEquals("200 ", empty.statusCode() + " " + empty.body());
    service.reload(SCHEMA);
    assertRepeats(empty, service.send(strict));
  }

  @Test
  void repeat_thatPrefersStrictHandling_doesNotGetALenientAnswer() throws Exception {
    HttpRequest.Builder byApp = request("q", GOOD).header("Idempotency-Key", "k");
    assertEquals(200, service.send(byApp).statusCode());
    HttpResponse<String> strict = service.send(byApp.header("Prefer", "handling=strict"));
    assertEquals(422, strict.statusCode(), strict.body());
    assertTrue(strict.body().contains("handling"), strict.body());
  }

  private static void assertRepeats(HttpResponse<String> first, HttpResponse<String> repeat) {
    assertEquals(
        first.statusCode() + " " + first.body(), repeat.statusCode() + " " + repeat.body());
    assertEquals(applied(first), applied(repeat));
    assertEquals(Optional.of("true"), repeat.headers().firstValue("Idempotency-Replayed"));
  }

  private RunningService startWithFullQuarantine() throws Exception {
    service.execute(
        "INSERT INTO attolytics_quarantine (received_at, app, code, pointer, detail, event)"
            + " VALUES (now(), 'a', '', '', '', ''), (now(), 'q', '', '', '', '')");
    RunningService full = RunningService.start(service.database(), SCHEMA, "--quarantine_rows=1");
    HttpRequest.Builder bad = request(full, "q", BAD);
    Eventually.await("the quarantine is full", () -> full.send(bad).statusCode() == 400);
    return full;
  }

  @Test
  void fullQuarantine_isHandledStrictlyUntilThereIsRoom() throws Exception {
    try (RunningService full = startWithFullQuarantine()) {
      HttpResponse<String> refused = full.send(request(full, "q", BAD));
      assertEquals(400, refused.statusCode());
      assertTrue(refused.body().contains("quarantine"), refused.body());
      HttpRequest.Builder good = request(full, "a", GOOD).header("Prefer", "handling=lenient");
      HttpResponse<String> strict = full.send(good.header("Idempotency-Key", "k"));
      assertEquals("200 ", strict.statusCode() + " " + strict.body());
      assertEquals(Optional.empty(), applied(strict));
      full.execute("DELETE FROM attolytics_quarantine");
      HttpRequest.Builder bad = request(full, "q", BAD);
      Eventually.await("there is room again", () -> full.send(bad).statusCode() == 200);
      assertRepeats(strict, full.send(good));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {GOOD, GOOD + "," + BAD, BAD + ",7", "{\"_t\":\"x\"}," + GOOD, "7"})
  void fullQuarantine_repeatGetsTheAnswerOfTheFirst(String events) throws Exception {
    HttpRequest.Builder byClient =
        request("a", events).header("Prefer", "handling=lenient").header("Idempotency-Key", "k");
    HttpResponse<String> first = service.send(byClient);
    assertEquals(200, first.statusCode());
    service.execute("TRUNCATE t");
    HttpResponse<String> firstOfApp =
        service.send(request("q", events).header("Idempotency-Key", "k"));
    assertEquals(200, firstOfApp.statusCode());
    try (RunningService full = startWithFullQuarantine()) {
      HttpRequest.Builder repeat = request(full, "a", events).header("Idempotency-Key", "k");
      assertRepeats(first, full.send(repeat.header("Prefer", "handling=lenient")));
      assertRepeats(
          firstOfApp, full.send(request(full, "q", events).header("Idempotency-Key", "k")));
    }
  }

  @Test
  void fullQuarantine_refusedRequestDoesNotUseItsKeyUp() throws Exception {
    try (RunningService full = startWithFullQuarantine()) {
      for (String events : List.of(GOOD + "," + BAD, "{\"_t\":\"x\"}")) {
        HttpResponse<String> withoutKey = full.send(request(full, "q", events));
        HttpResponse<String> withKey =
            full.send(request(full, "q", events).header("Idempotency-Key", "k"));
        assertTrue(withKey.statusCode() >= 400, "" + withKey);
        assertEquals(withoutKey.statusCode(), withKey.statusCode());
        assertTrue(withKey.body().contains("the app's quarantine is full"), withKey.body());
        assertEquals(withoutKey.body(), withKey.body());
      }
      assertEquals("0", full.query("SELECT count(*) FROM attolytics_idempotency"));
      HttpResponse<String> another =
          full.send(request(full, "q", GOOD).header("Idempotency-Key", "k"));
      assertEquals(200, another.statusCode(), another.body());
      HttpResponse<String> reused =
          full.send(request(full, "q", GOOD + "," + BAD).header("Idempotency-Key", "k"));
      assertEquals(400, reused.statusCode(), "events are told before keys");
    }
  }

  @Test
  void fullQuarantine_rowThatTheDatabaseRefuses_refusesTheRequest() throws Exception {
    try (RunningService full = startWithFullQuarantine()) {
      full.execute("INSERT INTO t VALUES (5)");
      for (String n : List.of("5", "13")) {
        HttpResponse<String> refused =
            full.send(request(full, "q", "{\"_t\":\"t\",\"n\":" + n + "}"));
        assertEquals(n.equals("5") ? 409 : 400, refused.statusCode());
        assertTrue(refused.body().contains("the app's quarantine is full"), refused.body());
      }
      HttpResponse<String> strict =
          full.send(
              request(full, "q", "{\"_t\":\"t\",\"n\":5}").header("Prefer", "handling=strict"));
      assertEquals(409, strict.statusCode());
      assertFalse(strict.body().contains("quarantine"), strict.body());
    }
  }

  @Test
  void fullQuarantine_repeatWaitsForTheFirstThatIsUnderWay() throws Exception {
    HttpRequest.Builder first =
        request("a", BAD).header("Prefer", "handling=lenient").header("Idempotency-Key", "k");
    HttpResponse<String> stored = service.send(first);
    try (RunningService full = startWithFullQuarantine();
        Connection other = service.database().connect();
        Statement sql = other.createStatement()) {
      // As if the first was not committed yet.
      sql.execute("CREATE TABLE stored AS SELECT * FROM attolytics_idempotency");
      sql.execute("DELETE FROM attolytics_idempotency");
      other.setAutoCommit(false);
      sql.execute("INSERT INTO attolytics_idempotency SELECT * FROM stored");
      CompletableFuture<HttpResponse<String>> repeat =
          full.sendAsync(
              request(full, "a", BAD)
                  .header("Prefer", "handling=lenient")
                  .header("Idempotency-Key", "k"));
      Eventually.await(
          "the repeat waits for the key",
          () ->
              full.query(
                      "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                          + " AND datname = current_database()")
                  .equals("t"));
      other.commit();
      assertRepeats(stored, repeat.get());
    }
  }

  @Test
  void constraintThatIsDeferred_refusesTheRequest() throws Exception {
    service.execute(
        "ALTER TABLE t ADD CONSTRAINT later UNIQUE (agent) DEFERRABLE INITIALLY DEFERRED");
    HttpResponse<String> answer = lenient("{\"_t\":\"t\",\"n\":8},{\"_t\":\"t\",\"n\":9}," + BAD);
    assertEquals(409, answer.statusCode(), answer.body());
    assertFalse(answer.body().contains("\"stored\""), answer.body());
    assertEquals("0", service.query("SELECT count(*) FROM attolytics_quarantine"));
  }
}
