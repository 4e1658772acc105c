package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import attolytics.Eventually;
import attolytics.app.RunningService;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** Who needs what another session holds waits, and nobody else; however much it holds. */
@Timeout(120)
class HeldLocksIT {
  private static final int TABLES = 40;

  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: id, type: i64}, {name: s}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  private static String event(String table, int id) {
    return "{\"_t\":\"" + table + "\",\"id\":" + id + "}";
  }

  private static void assertAll(int status, List<CompletableFuture<HttpResponse<String>>> answers)
      throws Exception {
    for (CompletableFuture<HttpResponse<String>> answer : answers) {
      assertEquals(status, answer.get().statusCode(), answer.get().body());
    }
  }

  /** As a frozen instance may; the ack timeout is shorter than waits for one after the other. */
  @ParameterizedTest
  @ValueSource(ints = {1, 400})
  void heldKeys_holdUpTheirOwnRequestsOnly(int count) throws Exception {
    try (RunningService service =
            RunningService.start(SCHEMA, "", "--ack_timeout=10s", "--flush_interval=200ms");
        Connection blocker = service.database().connect();
        Statement hold = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      hold.execute(
          "INSERT INTO attolytics_idempotency (app, key, fingerprint)"
              + " SELECT 'a', 'held' || i, '' FROM generate_series(1, "
              + count
              + ") AS i");
      List<CompletableFuture<HttpResponse<String>>> held = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> others = new ArrayList<>();
      for (int i = 1; i <= count; i++) {
        held.add(service.postAsync("held" + i, event("t", -i)));
        if (i <= 50) {
          others.add(service.postAsync(event("t", i)));
          others.add(service.postAsync("hell" + i, event("t", i)));
          others.add(service.postAsync("help" + i, event("t", i)));
        }
      }
      assertAll(200, others);
      // Nor is anybody who comes later.
      for (int i = 0; i < 20; i++) {
        assertEquals(200, service.post("later" + i, event("t", i)).statusCode());
      }
      assertAll(503, held);
      blocker.rollback();
      assertEquals(200, service.post("held1", event("t", 0)).statusCode());
      assertEquals("0", service.query("SELECT count(*) FROM t WHERE id < 0"));
    }
  }

  /** As another instance may that is in the middle of a repeat; the key itself is committed. */
  @Test
  void heldKeysThatAreKnown_holdUpTheirOwnRequestsOnly() throws Exception {
    try (RunningService service =
            RunningService.start(
                SCHEMA, "", "--ack_timeout=10s", "--flush_interval=200ms", "--writers=1");
        Connection blocker = service.database().connect();
        Statement hold = blocker.createStatement()) {
      for (int i = 1; i <= 3; i++) {
        assertEquals(200, service.post("known" + i, event("t", i)).statusCode());
      }
      blocker.setAutoCommit(false);
      hold.execute("SELECT FROM attolytics_idempotency FOR NO KEY UPDATE");
      List<CompletableFuture<HttpResponse<String>>> held = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> others = new ArrayList<>();
      for (int i = 1; i <= 3; i++) {
        held.add(service.postAsync("known" + i, event("t", i)));
        others.add(service.postAsync("other" + i, event("t", 10 + i)));
      }
      assertAll(200, others);
      for (int i = 0; i < 20; i++) {
        assertEquals(200, service.post("later" + i, event("t", 20 + i)).statusCode());
      }
      assertAll(503, held);
      blocker.rollback();
      assertEquals(200, service.post("known1", event("t", 1)).statusCode());
      assertEquals("26", service.query("SELECT count(*) FROM t"));
    }
  }

  @Test
  void heldKeys_areTakenOnceTheyAreFree() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--flush_interval=200ms");
        Connection blocker = service.database().connect();
        Statement hold = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      hold.execute(
          "INSERT INTO attolytics_idempotency (app, key, fingerprint)"
              + " SELECT 'a', 'held' || i, '' FROM generate_series(1, 100) AS i");
      List<CompletableFuture<HttpResponse<String>>> held = new ArrayList<>();
      for (int i = 1; i <= 100; i++) {
        held.add(service.postAsync("held" + i, event("t", i)));
      }
      assertEquals(200, service.post(event("t", 0)).statusCode());
      Eventually.await(() -> service.metric("attolytics_ring_used_rows") == 100);
      blocker.rollback();
      assertAll(200, held);
      assertEquals("101", service.query("SELECT count(*) FROM t"));
    }
  }

  @Test
  void lockedTables_holdUpTheirOwnRequestsOnly() throws Exception {
    String tables =
        IntStream.range(0, TABLES)
            .mapToObj(i -> "  t" + i + ": {columns: [{name: id, type: i64}]}\n")
            .collect(Collectors.joining());
    String names =
        IntStream.range(0, TABLES).mapToObj(i -> "t" + i).collect(Collectors.joining(", "));
    String schema =
        "tables:\n" + tables + "apps:\n  a: {secret_key: sesame, tables: [" + names + "]}\n";
    try (RunningService service =
            RunningService.start(schema, "", "--ack_timeout=10s", "--flush_interval=200ms");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      List<CompletableFuture<HttpResponse<String>>> held = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> others = new ArrayList<>();
      for (int i = 0; i < TABLES; i++) {
        if (i % 4 != 0) {
          lock.execute("LOCK TABLE t" + i);
          held.add(service.postAsync(event("t" + i, 1)));
        } else {
          others.add(service.postAsync(event("t" + i, 1)));
        }
      }
      assertAll(200, others);
      assertAll(503, held);
    }
  }

  /** So that what a frozen instance holds does not stay held. */
  @Test
  void sessionThatIsIdleInATransaction_isEndedByTheServer() throws Exception {
    String trigger =
        """
        CREATE TABLE t (id INT8, s VARCHAR);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN NEW.s = current_setting('idle_in_transaction_session_timeout'); RETURN NEW; END $$;
        CREATE TRIGGER note BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
        """;
    try (RunningService service = RunningService.start(SCHEMA, trigger)) {
      assertEquals(200, service.post(event("t", 1)).statusCode());
      assertNotEquals("0", service.query("SELECT s FROM t"));
    }
  }

  /** To the server a session in a COPY is active, however long its client sends nothing. */
  @Test
  void sessionThatStallsInACopy_isTerminatedByAnotherInstance() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--ack_timeout=1s");
        Connection frozen = service.database().connect();
        Statement sql = frozen.createStatement()) {
      sql.execute("SET application_name = 'attolytics'");
      frozen.setAutoCommit(false);
      sql.execute(
          "INSERT INTO attolytics_idempotency (app, key, fingerprint) VALUES ('a', 'k', '')");
      CopyIn copy = frozen.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY t (id) FROM STDIN");
      assertEquals(503, service.post("k", event("t", 1)).statusCode());

      Eventually.await(() -> service.post("k", event("t", 1)).statusCode() == 200);
      assertThrows(SQLException.class, copy::endCopy);
      frozen.abort(Runnable::run); // closing it would try to end the COPY
      assertEquals("1", service.query("SELECT count(*) FROM t"));
    }
  }
}
