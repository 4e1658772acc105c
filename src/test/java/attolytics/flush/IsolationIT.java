package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.app.RunningService;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A bad row affects only its own request, and a broken table only requests for it. */
@Timeout(120)
class IsolationIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: id, type: i64}, {name: s}]}
        u: {columns: [{name: id, type: i64}]}
      apps:
        a: {secret_key: sesame, tables: [t, u]}
      """;

  private static final String TRIGGER =
      """
      CREATE TABLE t (id INT8, s VARCHAR);
      CREATE FUNCTION check_t() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.s = 'raise' THEN RAISE 'no such thing'; END IF;
          IF NEW.s = 'broken' THEN INSERT INTO missing VALUES (1); END IF;
          IF NEW.s = 'slow' THEN PERFORM pg_sleep(60); END IF;
          RETURN NEW;
        END $$;
      CREATE %s TRIGGER check_t %s INSERT ON t %s FOR EACH ROW EXECUTE FUNCTION check_t();
      """;

  private static String event(String table, long id) {
    return "{\"_t\":\"" + table + "\",\"id\":" + id + "}";
  }

  private static String event(long id, String s) {
    return "{\"_t\":\"t\",\"id\":" + id + ",\"s\":\"" + s + "\"}";
  }

  private static double flushErrors(RunningService service, String sqlStateClass) throws Exception {
    return service.metric(
        "attolytics_flush_errors_total{sqlstate_class=\"" + sqlStateClass + "\"}");
  }

  /** Posts while the table is locked, so that all of it comes into one flush. */
  private static List<HttpResponse<String>> postTogether(RunningService service, String... events)
      throws Exception {
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    try (Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      answers.add(service.postAsync(event("t", -100)));
      Eventually.await(() -> service.metric("attolytics_ring_used_rows") == 1);
      for (String each : events) {
        answers.add(service.postAsync(each));
      }
      Eventually.await(() -> service.metric("attolytics_ring_used_rows") == events.length + 1);
      blocker.rollback();
    }
    List<HttpResponse<String>> responses = new ArrayList<>();
    for (CompletableFuture<HttpResponse<String>> answer : answers.subList(1, answers.size())) {
      responses.add(answer.get());
    }
    return responses;
  }

  @Test
  void badRow_isFoundByItsNumber_inACoupleOfTransactions() throws Exception {
    try (RunningService service =
        RunningService.start(
            SCHEMA, "CREATE TABLE t (id INT8 CONSTRAINT positive CHECK (id <> 13), s VARCHAR)")) {
      String[] events = new String[40];
      for (int i = 0; i < events.length; i++) {
        events[i] = event("t", i);
      }
      List<HttpResponse<String>> answers = postTogether(service, events);
      for (int i = 0; i < events.length; i++) {
        assertEquals(i == 13 ? 400 : 200, answers.get(i).statusCode(), answers.get(i).body());
      }
      String body = answers.get(13).body();
      assertTrue(body.contains("positive") && body.contains("\"pointer\":\"/events/0\""), body);
      assertEquals("40", service.query("SELECT count(*) FROM t"));
      assertEquals(2, flushErrors(service, "23")); // together, and alone
    }
  }

  @Test
  void event_thatTheDatabaseRefused_isNamed() throws Exception {
    try (RunningService service =
        RunningService.start(SCHEMA, "CREATE TABLE t (id INT8 UNIQUE, s VARCHAR)")) {
      HttpResponse<String> answer =
          service.post(
              event("u", 1) + "," + event("t", 1) + "," + event("u", 2) + "," + event("t", 1));
      assertEquals(409, answer.statusCode());
      assertTrue(answer.body().contains("\"event\":3,\"pointer\":\"/events/3\""), answer.body());
      assertTrue(answer.body().contains("t_id_key"), answer.body());
      assertEquals("0", service.query("SELECT count(*) FROM u"));
    }
  }

  @Test
  void refusalByATrigger_isTheOneRequests_atTheRowAndAtTheCommit() throws Exception {
    for (String setup :
        List.of(
            TRIGGER.formatted("", "BEFORE", ""),
            TRIGGER.formatted("CONSTRAINT", "AFTER", "DEFERRABLE INITIALLY DEFERRED"))) {
      try (RunningService service = RunningService.start(SCHEMA, setup)) {
        String[] events = new String[30];
        for (int i = 0; i < events.length; i++) {
          events[i] = event(i, i == 3 || i == 20 ? "raise" : i == 7 ? "broken" : "fine");
        }
        List<HttpResponse<String>> answers = postTogether(service, events);
        for (int i = 0; i < events.length; i++) {
          int expected = i == 3 || i == 20 ? 400 : i == 7 ? 500 : 200;
          assertEquals(expected, answers.get(i).statusCode(), i + answers.get(i).body());
        }
        assertTrue(answers.get(3).body().contains("no such thing"), answers.get(3).body());
        assertEquals("28", service.query("SELECT count(*) FROM t"));
      }
    }
  }

  @Test
  void causeThatNoClientCanRemove_is500_untilItIsFixed() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      service.execute("ALTER TABLE t ADD COLUMN extra INT NOT NULL");
      assertEquals(500, service.post(event("t", 1)).statusCode());
      assertEquals(200, service.post(event("u", 1)).statusCode());
      service.execute("ALTER TABLE t DROP COLUMN extra, ALTER COLUMN id TYPE INT4");
      assertEquals(500, service.post(event("t", 1)).statusCode());
      service.execute("ALTER TABLE t ALTER COLUMN id TYPE INT8");
      assertEquals(200, service.post(event("t", 1)).statusCode());
      assertEquals("1", service.query("SELECT count(*) FROM t"));
    }
  }

  @Test
  void lockedTable_holdsUpItsOwnRequestsOnly() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--ack_timeout=20s");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      List<CompletableFuture<HttpResponse<String>>> held = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        held.add(service.postAsync(event("t", i)));
        assertEquals(200, service.post(event("u", i)).statusCode());
      }
      assertTrue(held.stream().noneMatch(CompletableFuture::isDone));
      Eventually.await(() -> service.metric("attolytics_ring_used_rows") == 30);
      assertTrue(service.metric("attolytics_oldest_unflushed_seconds") > 0);
      blocker.rollback();
      for (CompletableFuture<HttpResponse<String>> answer : held) {
        assertEquals(200, answer.get().statusCode(), answer.get().body());
      }
      assertEquals("30", service.query("SELECT count(*) FROM t"));
    }
  }

  @Test
  void tableLockedForTheWholeAckTimeout_is503() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--ack_timeout=2s");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      HttpResponse<String> answer = service.post(event("t", 1));
      assertEquals(503, answer.statusCode(), answer.body());
      blocker.rollback();
      assertEquals(200, service.post(event("t", 2)).statusCode());
      assertEquals("1", service.query("SELECT count(*) FROM t"));
    }
  }

  @Test
  void rowThatTakesForEver_failsItsOwnRequestOnly() throws Exception {
    try (RunningService service =
        RunningService.start(SCHEMA, TRIGGER.formatted("", "BEFORE", ""), "--ack_timeout=12s")) {
      List<HttpResponse<String>> answers =
          postTogether(service, event(1, "fine"), event(2, "slow"), event(3, "fine"));
      assertEquals(200, answers.get(0).statusCode(), answers.get(0).body());
      assertEquals(503, answers.get(1).statusCode(), answers.get(1).body());
      assertEquals(200, answers.get(2).statusCode(), answers.get(2).body());
      assertEquals("3", service.query("SELECT count(*) FROM t"));
    }
  }

  @Test
  void whoKeepsSendingBadRows_makesNobodyElsesFlushFail() throws Exception {
    try (RunningService service =
        RunningService.start(SCHEMA, "CREATE TABLE t (id INT8 CHECK (id >= 0), s VARCHAR)")) {
      AtomicBoolean done = new AtomicBoolean();
      AtomicInteger connections = new AtomicInteger();
      CountDownLatch known = new CountDownLatch(3);
      Thread poisoner =
          new Thread(
              () -> {
                try {
                  while (!done.get()) {
                    connections.incrementAndGet();
                    service.raw(refusedRequest(), false);
                    known.countDown();
                  }
                } catch (java.io.IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      poisoner.start();
      known.await();
      for (int i = 0; i < 200; i++) {
        assertEquals(200, service.post(event("t", i)).statusCode());
      }
      done.set(true);
      poisoner.join();
      assertEquals("200", service.query("SELECT count(*) FROM t"));
      // Each on its own, but for a connection's first one, which nobody expected.
      double bad = service.metric("attolytics_http_requests_total{app=\"a\",status=\"400\"}");
      assertEquals(50 * connections.get(), bad);
      assertTrue(flushErrors(service, "23") <= bad + connections.get());
    }
  }

  /** Fifty bad requests on one connection. */
  private static String refusedRequest() {
    String body = "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"id\":-1}]}";
    String head =
        "POST /apps/a/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + body.length()
            + "\r\n";
    return (head + "\r\n" + body).repeat(49) + head + "Connection: close\r\n\r\n" + body;
  }

  @Test
  void stopThatTakesTooLong_answers503_andSaysSo() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--drain_timeout=1s");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      CompletableFuture<HttpResponse<String>> held = service.postAsync(event("t", 1));
      Eventually.await(() -> service.metric("attolytics_ring_used_rows") == 1);
      assertFalse(service.service().stop());
      assertEquals(503, held.get().statusCode(), held.get().body());
      assertTrue(held.get().body().contains("draining"), held.get().body());
      assertTrue(held.get().headers().firstValue("Retry-After").isPresent());
      blocker.rollback();
      assertEquals("0", service.query("SELECT count(*) FROM t"));
    }
  }

  @Test
  void stopInAHurry_waitsForNothing() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--drain_timeout=60s");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      CompletableFuture<HttpResponse<String>> held = service.postAsync(event("t", 1));
      Eventually.await(() -> service.metric("attolytics_ring_used_rows") == 1);
      assertFalse(service.service().stop(new CountDownLatch(0)));
      assertEquals(503, held.get().statusCode(), held.get().body());
    }
  }
}
