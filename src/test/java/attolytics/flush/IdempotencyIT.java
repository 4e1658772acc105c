package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import attolytics.app.RunningService;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An Idempotency-Key makes a request's rows stand once, however often it is sent. */
@Timeout(120)
class IdempotencyIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: id, type: i64}, {name: s}]}
        u: {columns: [{name: id, type: i64}]}
      apps:
        a: {secret_key: sesame, tables: [t, u]}
        b: {secret_key: sesame, tables: [t]}
      """;

  private static String event(long id) {
    return "{\"_t\":\"t\",\"id\":" + id + "}";
  }

  private static void assertStored(HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
    assertFalse(answer.headers().firstValue("Idempotency-Replayed").isPresent());
  }

  private static void assertReplayed(HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals("true", answer.headers().firstValue("Idempotency-Replayed").orElse("missing"));
    assertEquals("", answer.body());
  }

  private static void assertReused(HttpResponse<String> answer) {
    assertEquals(422, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("idempotency_key_reused"), answer.body());
  }

  private static String rows(RunningService service) throws Exception {
    return service.query("SELECT count(*) FROM t");
  }

  @Test
  void sameKeyAndBody_isReplayed_andOtherBodyIs422() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      assertStored(service.post("k", event(1) + "," + event(2)));
      assertReplayed(service.post("k", event(1) + "," + event(2)));
      assertReused(service.post("k", event(3)));
      assertReplayed(service.post("k", event(1) + "," + event(2)));
      assertEquals("2", rows(service));
      assertEquals(4, service.metric("attolytics_duplicates_suppressed_total{app=\"a\"}"));
      assertEquals(2, service.metric("attolytics_events_committed_total{table=\"t\"}"));
    }
  }

  @Test
  void key_isOpaqueText_quotesIncluded_andScopedToTheApp() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      assertStored(service.post("k", event(1)));
      assertStored(service.post("\"k\"", event(1)));
      assertStored(service.post("K", event(1)));
      assertStored(service.post("x".repeat(255), event(1)));
      assertEquals(400, service.post("x".repeat(256), event(1)).statusCode());
      HttpResponse<String> other =
          service.send(
              service
                  .to("/apps/b/events")
                  .header("Content-Type", "application/json")
                  .header("Idempotency-Key", "k")
                  .POST(
                      java.net.http.HttpRequest.BodyPublishers.ofString(
                          "{\"secret_key\":\"sesame\",\"events\":[" + event(1) + "]}")));
      assertStored(other);
      assertEquals("5", rows(service));
    }
  }

  @Test
  void emptyRequest_usesItsKeyToo() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      assertStored(service.post("k", ""));
      assertReplayed(service.post("k", ""));
      assertReused(service.post("k", event(1)));
      assertEquals("0", rows(service));
    }
  }

  @Test
  void replay_whileTheFirstIsInFlight_joinsIt() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        answers.add(service.postAsync("k", event(1)));
      }
      CompletableFuture<HttpResponse<String>> other = service.postAsync("k2", event(2));
      Eventually.await(() -> service.metric("attolytics_ring_used_rows") == 11);
      blocker.rollback();
      int replayed = 0;
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        assertEquals(200, answer.get().statusCode(), answer.get().body());
        replayed += answer.get().headers().firstValue("Idempotency-Replayed").isPresent() ? 1 : 0;
      }
      assertStored(other.get());
      assertEquals(9, replayed);
      assertEquals("2", rows(service));
    }
  }

  @Test
  void replay_toWhicheverInstance_andAfterARestart() throws Exception {
    try (RunningService first = RunningService.start(SCHEMA, "")) {
      TestDatabase database = first.database();
      try (RunningService second = RunningService.start(database, SCHEMA, "--writers=2")) {
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
          String key = "k" + i / 4;
          answers.add((i % 2 == 0 ? first : second).postAsync(key, event(i / 4)));
        }
        int replayed = 0;
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
          assertEquals(200, answer.get().statusCode(), answer.get().body());
          replayed += answer.get().headers().firstValue("Idempotency-Replayed").isPresent() ? 1 : 0;
        }
        assertEquals(150, replayed);
        assertEquals("50", rows(first));
        assertTrue(first.service().stop());
        assertReplayed(second.post("k0", event(0)));
        assertReused(second.post("k0", event(1)));
      }
    }
  }

  @Test
  void refusedRequest_doesNotUseItsKeyUp() throws Exception {
    try (RunningService service =
        RunningService.start(SCHEMA, "CREATE TABLE t (id INT8 UNIQUE, s VARCHAR(3))")) {
      assertStored(service.post("k1", event(1)));
      assertEquals(409, service.post("k2", event(2) + "," + event(1)).statusCode());
      assertEquals(400, service.post("k2", "{\"_t\":\"t\",\"s\":\"long\"}").statusCode());
      assertEquals(400, service.post("k2", "{\"_t\":\"t\",\"s\":7}").statusCode());
      assertEquals(404, service.post("k2", "{\"_t\":\"x\"}").statusCode());
      assertStored(service.post("k2", event(2)));
      assertEquals("2", rows(service));
    }
  }

  @Test
  void key_isForgottenAfterItsTime() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      assertStored(service.post("k", event(1)));
      service.execute("UPDATE attolytics_idempotency SET created = now() - interval '6 days 23 h'");
      assertReplayed(service.post("k", event(1)));
      service.execute("UPDATE attolytics_idempotency SET created = now() - interval '7 days 1 s'");
      assertStored(service.post("k", event(2)));
      assertReplayed(service.post("k", event(2)));
    }
    try (RunningService service = RunningService.start(SCHEMA, "", "--idempotency_ttl=1s")) {
      for (int i = 0; i < 5; i++) {
        assertStored(service.post("k" + i, event(1)));
      }
      Eventually.await(
          () -> service.query("SELECT count(*) FROM attolytics_idempotency").equals("0"));
      assertStored(service.post("k0", event(1)));
    }
  }

  @Test
  void purge_isDoneInSteps() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--idempotency_ttl=1s")) {
      service.execute(
          "INSERT INTO attolytics_idempotency SELECT 'a', g::text, '', now() - interval '1 h'"
              + " FROM generate_series(1, 5500) g");
      Eventually.await(
          () -> service.query("SELECT count(*) FROM attolytics_idempotency").equals("0"));
    }
  }

  /** So that keys that a frozen instance has locked do not stay locked. */
  @Test
  void purge_setsALimitToBeIdleInItsTransaction() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--idempotency_ttl=1s")) {
      service.execute(
          """
          CREATE TABLE noted (value VARCHAR);
          CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              INSERT INTO noted VALUES (current_setting('idle_in_transaction_session_timeout'));
              RETURN OLD;
            END $$;
          CREATE TRIGGER note BEFORE DELETE ON attolytics_idempotency
            FOR EACH ROW EXECUTE FUNCTION note();
          INSERT INTO attolytics_idempotency VALUES ('a', 'k', '', now() - interval '1 h')
          """);
      Eventually.await(() -> service.query("SELECT count(*) FROM noted").equals("1"));
      assertEquals("1min", service.query("SELECT value FROM noted"));
    }
  }

  @Test
  void key_thatAnotherTransactionHolds_keepsNobodyElseWaiting() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "");
        Connection other = service.database().connect();
        Statement sql = other.createStatement()) {
      other.setAutoCommit(false);
      sql.execute("INSERT INTO attolytics_idempotency VALUES ('a', 'held', 'other')");
      CompletableFuture<HttpResponse<String>> held = service.postAsync("held", event(1));
      for (int i = 0; i < 20; i++) {
        assertStored(service.post("free" + i, event(100 + i)));
        assertEquals(200, service.post(event(200 + i)).statusCode());
      }
      assertFalse(held.isDone());
      other.commit();
      assertReused(held.get());
      assertEquals("40", rows(service));
    }
  }

  @Test
  void missingTableOfKeys_is500ForWhoSendsAKey() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      service.execute("ALTER TABLE attolytics_idempotency RENAME TO gone");
      assertEquals(500, service.post("k", event(1)).statusCode());
      assertEquals(200, service.post(event(2)).statusCode());
      service.execute("ALTER TABLE gone RENAME TO attolytics_idempotency");
      assertStored(service.post("k", event(1)));
      assertEquals("2", rows(service));
    }
  }
}
