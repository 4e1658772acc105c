package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.app.RunningService;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a 200 is worth, with a database that refuses, waits, or goes away. */
@Timeout(120)
class PipelineIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: id, type: i64}, {name: s}]}
        u: {columns: [{name: id, type: i64}]}
      apps:
        a: {secret_key: sesame, tables: [t, u]}
      """;

  private static String event(long id) {
    return "{\"_t\":\"t\",\"id\":" + id + "}";
  }

  @Test
  void answer_waitsForTheCommit() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      CompletableFuture<HttpResponse<String>> answer = service.postAsync(event(1));
      Eventually.await("a writer waits for a lock", () -> writerWaitsForALock(service));
      assertFalse(answer.isDone());
      blocker.rollback();
      assertEquals(200, answer.get(30, TimeUnit.SECONDS).statusCode());
    }
  }

  private static boolean writerWaitsForALock(RunningService service) {
    try {
      return !service
          .query("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
          .equals("0");
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void rows_areThereTheMomentTheAnswerIs() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      AtomicInteger ids = new AtomicInteger();
      ExecutorService clients = Executors.newFixedThreadPool(6);
      List<Future<?>> done = new ArrayList<>();
      for (int c = 0; c < 6; c++) {
        done.add(
            clients.submit(
                () -> {
                  try (Connection connection = service.database().connect();
                      PreparedStatement look =
                          connection.prepareStatement("SELECT count(*) FROM t WHERE id = ?")) {
                    for (int i = 0; i < 200; i++) {
                      int id = ids.incrementAndGet();
                      assertEquals(200, service.post(event(id)).statusCode());
                      look.setInt(1, id);
                      try (ResultSet found = look.executeQuery()) {
                        found.next();
                        assertEquals(1, found.getInt(1), "row " + id);
                      }
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> each : done) {
        each.get();
      }
      clients.shutdown();
    }
  }

  @Test
  void fullBuffer_is503WithRetryAfterAtOnce_andWhatWasTakenIsCommitted() throws Exception {
    try (RunningService service =
            RunningService.start(
                SCHEMA, "", "--max_body=4KiB", "--max_buffer=16KiB", "--flush_bytes=1KiB");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      String wide = "{\"_t\":\"t\",\"id\":1,\"s\":\"" + "x".repeat(900) + "\"}";
      for (int i = 0; i < 20; i++) {
        answers.add(service.postAsync(wide));
      }
      Eventually.await(
          "the others have an answer",
          () -> answers.stream().filter(CompletableFuture::isDone).count() >= 12);
      blocker.rollback();
      int stored = 0;
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        HttpResponse<String> response = answer.get(60, TimeUnit.SECONDS);
        if (response.statusCode() == 200) {
          stored++;
        } else {
          assertEquals(503, response.statusCode());
          assertTrue(response.headers().firstValueAsLong("Retry-After").orElse(0) > 0);
          assertTrue(response.body().contains("buffer_full"), response.body());
        }
      }
      assertTrue(stored > 0 && stored <= 8, "stored " + stored);
      assertEquals(String.valueOf(stored), service.query("SELECT count(*) FROM t"));
      assertEquals(0, service.metric("attolytics_buffer_bytes"));
    }
  }

  @Test
  void requestThatNeverFitsTheBuffer_is413_andOneAsLargeAsABodyMayBeFits() throws Exception {
    String wide = SCHEMA.replace("{name: s}", "{name: s}" + columns(15));
    try (RunningService service =
        RunningService.start(
            wide, "", "--max_body=32KiB", "--max_buffer=128KiB", "--flush_bytes=16KiB")) {
      // Short events that make long rows, and a change of tables for each.
      String event = "{\"_t\":\"t\"},{\"_t\":\"u\"}";
      HttpResponse<String> larger = service.post(event + ("," + event).repeat(1_100));
      assertEquals(413, larger.statusCode(), larger.body());
      int envelope = "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"t\",\"s\":\"\"}]}".length();
      String largest = "{\"_t\":\"t\",\"s\":\"" + "x".repeat((32 << 10) - envelope) + "\"}";
      assertEquals(200, service.post(largest).statusCode());
      assertEquals(413, service.post(largest.replace("xx\"", "xxx\"")).statusCode());
      assertEquals(200, service.post(event + ("," + event).repeat(100)).statusCode());
      assertEquals("102", service.query("SELECT count(*) FROM t"));
    }
  }

  private static String columns(int count) {
    StringBuilder columns = new StringBuilder();
    for (int i = 0; i < count; i++) {
      columns.append(", {name: c").append(i).append('}');
    }
    return columns.toString();
  }

  @Test
  void rowThatTheDatabaseRefuses_failsItsOwnRequestOnly() throws Exception {
    String setup =
        """
        CREATE TABLE t (id INT8 UNIQUE, s VARCHAR(3) CHECK (s <> 'bad'));
        CREATE TABLE u (id INT8 UNIQUE DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO t VALUES (-1);
        INSERT INTO u VALUES (-1);
        """;
    try (RunningService service = RunningService.start(SCHEMA, setup, "--flush_interval=100ms")) {
      List<CompletableFuture<HttpResponse<String>>> good = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> conflict = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> bad = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        good.add(
            service.postAsync(
                event(2L * i) + "," + event(2L * i + 1) + ",{\"_t\":\"u\",\"id\":" + i + "}"));
        if (i % 20 == 5) {
          conflict.add(service.postAsync(event(100_000 + i) + "," + event(-1)));
          conflict.add(service.postAsync(event(200_000 + i) + ",{\"_t\":\"u\",\"id\":-1}"));
          bad.add(service.postAsync("{\"_t\":\"t\",\"id\":" + (300_000 + i) + ",\"s\":\"bad\"}"));
          bad.add(service.postAsync("{\"_t\":\"t\",\"id\":" + (400_000 + i) + ",\"s\":\"long\"}"));
        }
      }
      for (CompletableFuture<HttpResponse<String>> answer : good) {
        assertEquals(200, answer.get().statusCode(), answer.get().body());
      }
      for (CompletableFuture<HttpResponse<String>> answer : conflict) {
        assertEquals(409, answer.get().statusCode(), answer.get().body());
        assertTrue(answer.get().body().contains("_id_key"), answer.get().body());
      }
      for (CompletableFuture<HttpResponse<String>> answer : bad) {
        assertEquals(400, answer.get().statusCode(), answer.get().body());
        assertTrue(answer.get().body().contains("refused_by_database"), answer.get().body());
      }
      assertEquals("121", service.query("SELECT count(*) FROM t"));
      assertEquals("61", service.query("SELECT count(*) FROM u"));
    }
  }

  @Test
  void droppedTable_is500ForItsOwnRequests_untilItIsBack() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      service.execute("DROP TABLE t");
      CompletableFuture<HttpResponse<String>> broken = service.postAsync(event(1));
      assertEquals(200, service.post("{\"_t\":\"u\",\"id\":1}").statusCode());
      assertEquals(500, broken.get().statusCode());
      service.execute("CREATE TABLE t (id INT8, s VARCHAR)");
      assertEquals(200, service.post(event(1)).statusCode());
    }
  }

  @Test
  void terminatedBackends_neitherLoseNorDoubleARow() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      AtomicInteger acknowledged = new AtomicInteger();
      AtomicInteger kills = new AtomicInteger();
      ExecutorService clients = Executors.newFixedThreadPool(8);
      List<Future<?>> done = new ArrayList<>();
      for (int c = 0; c < 8; c++) {
        done.add(
            clients.submit(
                () -> {
                  while (kills.get() < 15) {
                    HttpResponse<String> answer = service.post(event(1) + "," + event(2));
                    assertEquals(200, answer.statusCode(), answer.body());
                    acknowledged.addAndGet(2);
                  }
                  return null;
                }));
      }
      while (kills.get() < 15) {
        String killed =
            service.query(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE"
                    + " application_name = 'attolytics' AND datname = current_database()"
                    + " AND state <> 'idle'");
        kills.addAndGet(Integer.parseInt(killed));
      }
      for (Future<?> each : done) {
        each.get();
      }
      clients.shutdown();
      assertEquals(String.valueOf(acknowledged.get()), service.query("SELECT count(*) FROM t"));
    }
  }

  @Test
  void databaseAway_is503AfterTheAckTimeout() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--ack_timeout=1s")) {
      service.execute(
          "ALTER TABLE t ADD CONSTRAINT deadly CHECK (pg_terminate_backend(pg_backend_pid()) OR id > 0)");
      HttpResponse<String> answer = service.post(event(1));
      assertEquals(503, answer.statusCode(), answer.body());
      assertTrue(answer.headers().firstValue("Retry-After").isPresent());
      service.execute("ALTER TABLE t DROP CONSTRAINT deadly");
      assertEquals(200, service.post(event(1)).statusCode());
      assertEquals("1", service.query("SELECT count(*) FROM t"));
    }
  }

  @Test
  void flush_isSetOffByItsThresholds() throws Exception {
    try (RunningService service =
        RunningService.start(SCHEMA, "", "--flush_rows=3", "--flush_interval=20s")) {
      assertEquals(200, service.post(event(1) + "," + event(2) + "," + event(3)).statusCode());
      assertEquals(1, service.metric("attolytics_flushes_total{trigger=\"rows\"}"));
    }
    try (RunningService service = RunningService.start(SCHEMA, "", "--flush_interval=50ms")) {
      assertEquals(200, service.post(event(1)).statusCode());
      assertEquals(1, service.metric("attolytics_flushes_total{trigger=\"interval\"}"));
    }
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      assertEquals(200, service.post(event(1)).statusCode());
      assertEquals(1, service.metric("attolytics_flushes_total{trigger=\"idle\"}"));
      assertEquals(1, service.metric("attolytics_flush_rows_count"));
    }
  }

  @Test
  void stop_answersWhatWasAccepted() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--flush_interval=20s")) {
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        answers.add(service.postAsync(event(i)));
      }
      Eventually.await(
          "all rows are in the ring", () -> metric(service, "attolytics_ring_used_rows") == 30);
      assertTrue(service.service().stop());
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        assertEquals(200, answer.get().statusCode());
      }
      assertEquals("30", service.query("SELECT count(*) FROM t"));
    }
  }

  private static double metric(RunningService service, String name) {
    try {
      return service.metric(name);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** All of a million with {@code -Dattolytics.test.events=1000000}. */
  @ParameterizedTest
  @Timeout(600)
  @ValueSource(ints = {1, 10, 100})
  void everyEvent_arrivesOnce_whateverTheSizeOfTheBodies(int size) throws Exception {
    int total = Integer.getInteger("attolytics.test.events", 30_000);
    int bodies = total / size;
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      AtomicInteger next = new AtomicInteger();
      ExecutorService clients = Executors.newFixedThreadPool(64);
      List<Future<?>> done = new ArrayList<>();
      for (int c = 0; c < 64; c++) {
        done.add(
            clients.submit(
                () -> {
                  for (int body; (body = next.getAndIncrement()) < bodies; ) {
                    StringBuilder events = new StringBuilder();
                    for (int i = 0; i < size; i++) {
                      events.append(i == 0 ? "" : ",").append(event((long) body * size + i));
                    }
                    assertEquals(200, service.post(events.toString()).statusCode());
                  }
                  return null;
                }));
      }
      for (Future<?> each : done) {
        each.get();
      }
      clients.shutdown();
      String count = String.valueOf(bodies * size);
      assertEquals(
          count + "," + count,
          service.query("SELECT count(*) || ',' || count(DISTINCT id) FROM t"));
    }
  }
}
