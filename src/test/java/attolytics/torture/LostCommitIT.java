package attolytics.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import attolytics.app.RunningService;
import attolytics.torture.Trap.Point;
import java.net.InetAddress;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The connection is lost in a COMMIT, and the server that is asked then knows nothing of the
 * transaction, as after a failover: it can only tell whether an Idempotency-Key is there.
 */
@Timeout(120)
class LostCommitIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: id, type: i64}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  private static final String EVENT = "{\"_t\":\"t\",\"id\":1}";

  private TestDatabase database;
  private Proxy proxy;

  @BeforeEach
  void open() throws Exception {
    database = TestDatabase.create();
    proxy = new Proxy(InetAddress.getByName(database.host()), database.port());
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute(
          "CREATE FUNCTION pg_xact_status(xid8) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'");
      sql.execute(
          "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog',"
              + " current_database()); END $$");
    }
  }

  @AfterEach
  void close() throws Exception {
    proxy.close();
    database.close();
  }

  private RunningService start(String... options) throws Exception {
    return RunningService.startAt(database.urlBy(proxy.port()), database, SCHEMA, options);
  }

  /** The next COMMIT is cut off at that point. */
  private void cutAt(Point point) {
    proxy.arm(new Trap(point, 0, 0, true, false));
  }

  /** As on Aurora: without the timeline, a transaction cannot be asked for. */
  private void hideTimeline() throws SQLException {
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute(
          "CREATE FUNCTION pg_current_wal_lsn() RETURNS pg_lsn LANGUAGE plpgsql AS"
              + " $$ BEGIN RAISE EXCEPTION 'not supported' USING ERRCODE = '55000'; END $$");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BEFORE_COMMIT", "BEFORE_ANSWER"})
  void requestWithAKey_isToldByTheKey_whereThereIsNoTimeline(Point point) throws Exception {
    hideTimeline();
    requestWithAKey_isToldByTheKey(point);
  }

  @ParameterizedTest
  @EnumSource(names = {"BEFORE_COMMIT", "BEFORE_ANSWER"})
  void requestWithoutAKey_is504_whereThereIsNoTimeline(Point point) throws Exception {
    hideTimeline();
    requestWithoutAKey_is504(point);
  }

  @ParameterizedTest
  @EnumSource(names = {"BEFORE_COMMIT", "BEFORE_ANSWER"})
  void requestWithAKey_isToldByTheKey(Point point) throws Exception {
    try (RunningService service = start()) {
      cutAt(point);
      HttpResponse<String> answer = service.post("k", EVENT);
      assertEquals(200, answer.statusCode(), answer.body());
      assertEquals("1", service.query("SELECT count(*) FROM t"));
      assertEquals(1, service.metric("attolytics_flush_errors_total{sqlstate_class=\"08\"}"));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BEFORE_COMMIT", "BEFORE_ANSWER"})
  void requestWithoutAKey_is504(Point point) throws Exception {
    try (RunningService service = start()) {
      cutAt(point);
      HttpResponse<String> answer = service.post(EVENT);
      assertEquals(504, answer.statusCode(), answer.body());
      String stored = point == Point.BEFORE_ANSWER ? "1" : "0";
      assertEquals(stored, service.query("SELECT count(*) FROM t"));
    }
  }

  /** Not 503: it may be stored. */
  @Test
  void requestWithAKey_is504_ifTheKeyCannotBeLookedForInTime() throws Exception {
    try (RunningService service = start("--ack_timeout=4s");
        Connection blocker = database.connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      Trap trap = new Trap(Point.BEFORE_ANSWER, 0, 1_000, true, false);
      proxy.arm(trap);
      CompletableFuture<HttpResponse<String>> answer = service.postAsync("k", EVENT);
      assertTrue(trap.awaitSprung(60_000), "no COMMIT");
      lock.execute("LOCK TABLE attolytics_idempotency");
      assertEquals(504, answer.get().statusCode(), answer.get().body());
      blocker.rollback();
      HttpResponse<String> again = service.post("k", EVENT);
      assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse("missing"));
      assertEquals("1", service.query("SELECT count(*) FROM t"));
    }
  }
}
