package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.parallel.ExecutionMode.CONCURRENT;

import attolytics.app.RunningService;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Whatever a row makes the database say, and wherever, it is its own request's affair. Some tests
 * do nothing but wait, so they run beside the others of this class. The methods are marked and not
 * the class, which would then run beside other classes.
 */
@Timeout(180)
class OneBadRowIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: id, type: i64}, {name: s}]}
        u: {columns: [{name: id, type: i64}]}
      apps:
        a: {secret_key: sesame, tables: [t, u]}
      """;

  private static final String FUNCTION =
      """
      CREATE TABLE t (id INT8, s VARCHAR);
      CREATE TABLE u (id INT8);
      CREATE FUNCTION check_t() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.s = 'sleep' THEN PERFORM pg_sleep(60);
          ELSIF NEW.s LIKE 'sleep %' THEN PERFORM pg_sleep(substr(NEW.s, 7)::float8);
          ELSIF NEW.s = 'die' THEN PERFORM pg_terminate_backend(pg_backend_pid());
          ELSIF NEW.s <> 'fine' THEN RAISE 'about %', NEW.id USING ERRCODE = NEW.s;
          END IF;
          RETURN NEW;
        END $$;
      """;

  /** One of each class, and those that are told apart within it; what the request gets. */
  private static final Map<String, Integer> STATES = new LinkedHashMap<>();

  static {
    for (String state :
        """
        08001 08006 25006 25P02 26000 28000 3D000 40001 40P01 53000 53100 53200 53300 53400 \
        55000 55006 55P03 57000 57014 57P01 57P03 58000 58030 F0000 HV00N XX000 XX001\
        """
            .split(" ", -1)) {
      STATES.put(state, 503);
    }
    for (String state :
        "09000 0B000 0Z002 20000 21000 22023 23502 24000 2D000 38000 39000 3B001 44000 54000 HV000 P0001 ZZ123"
            .split(" ", -1)) {
      STATES.put(state, 400);
    }
    for (String state : "23505 23P01".split(" ", -1)) {
      STATES.put(state, 409);
    }
    for (String state : "08P01 0A000 2200H 22P03 3F000 42P01 42501".split(" ", -1)) {
      STATES.put(state, 500);
    }
  }

  /** Where the database comes to say it. */
  enum Place {
    ROW("CREATE TRIGGER check_t BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION check_t()"),
    STATEMENT("CREATE TRIGGER check_t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION check_t()"),
    COMMIT(
        "CREATE CONSTRAINT TRIGGER check_t AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
            + " FOR EACH ROW EXECUTE FUNCTION check_t()");

    final String trigger;

    Place(String trigger) {
      this.trigger = trigger;
    }
  }

  private static String event(long id, String s) {
    return "{\"_t\":\"t\",\"id\":" + id + ",\"s\":\"" + s + "\"}";
  }

  @ParameterizedTest
  @EnumSource
  void anySqlState_failsItsOwnRequestOnly(Place place) throws Exception {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger("attolytics");
    log.start();
    logger.addAppender(log);
    try (RunningService service =
        RunningService.start(
            SCHEMA, FUNCTION + place.trigger, "--ack_timeout=5s", "--flush_interval=50ms")) {
      Map<String, CompletableFuture<HttpResponse<String>>> bad = new LinkedHashMap<>();
      int stored = 0;
      for (String state : STATES.keySet()) {
        List<CompletableFuture<HttpResponse<String>>> good = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
          if (i == 6) {
            bad.put(state, service.postAsync(event(-1, state)));
          }
          good.add(service.postAsync(event(stored++, "fine")));
        }
        for (CompletableFuture<HttpResponse<String>> answer : good) {
          assertEquals(200, answer.get().statusCode(), state + " " + answer.get().body());
        }
      }
      for (Map.Entry<String, CompletableFuture<HttpResponse<String>>> each : bad.entrySet()) {
        String state = each.getKey();
        HttpResponse<String> answer = each.getValue().get();
        assertEquals(STATES.get(state), answer.statusCode(), state + " " + answer.body());
      }
      assertEquals(String.valueOf(stored), service.query("SELECT count(*) FROM t"));
    } finally {
      logger.detachAppender(log);
    }
    // A trigger's words may hold what the row does.
    List<String> warnings =
        List.copyOf(log.list).stream()
            .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
            .map(ILoggingEvent::getFormattedMessage)
            .toList();
    assertTrue(warnings.stream().anyMatch(line -> line.contains("40001")), warnings.toString());
    assertTrue(warnings.stream().noneMatch(line -> line.contains("about")), warnings.toString());
  }

  @Test
  void valueTooLong_namesTheColumn() throws Exception {
    try (RunningService service =
        RunningService.start(SCHEMA, "CREATE TABLE t (id INT8, s VARCHAR(3))")) {
      HttpResponse<String> answer = service.post(event(1, "four"));
      assertEquals(400, answer.statusCode());
      assertTrue(answer.body().contains("(3), in column \\\"s\\\""), answer.body());
    }
  }

  @ParameterizedTest
  @EnumSource
  @Execution(CONCURRENT)
  void rowThatSleeps_failsItsOwnRequestOnly(Place place) throws Exception {
    try (RunningService service =
        RunningService.start(
            SCHEMA, FUNCTION + place.trigger, "--ack_timeout=15s", "--flush_interval=100ms")) {
      List<CompletableFuture<HttpResponse<String>>> good = new ArrayList<>();
      CompletableFuture<HttpResponse<String>> bad = null;
      for (int i = 0; i < 60; i++) {
        if (i == 25) {
          bad = service.postAsync(event(-1, "sleep"));
        }
        good.add(service.postAsync(event(i, "fine")));
      }
      for (CompletableFuture<HttpResponse<String>> answer : good) {
        assertEquals(200, answer.get().statusCode(), answer.get().body());
      }
      assertTrue(bad != null && !bad.isDone());
      assertEquals(503, bad.get().statusCode(), bad.get().body());
      assertEquals("60", service.query("SELECT count(*) FROM t"));
    }
  }

  /** Longer than an eighth of the ack timeout. */
  @ParameterizedTest
  @EnumSource
  @Execution(CONCURRENT)
  void slowRow_isStored_ifItIsAlone(Place place) throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, FUNCTION + place.trigger)) {
      assertEquals(200, service.post(event(1, "sleep 4")).statusCode());
      assertEquals(200, service.post(event(2, "sleep 6")).statusCode());
      assertEquals("2", service.query("SELECT count(*) FROM t"));
      assertEquals(0, service.metric("attolytics_flush_errors_total{sqlstate_class=\"57\"}"));
    }
  }

  @ParameterizedTest
  @EnumSource
  @Execution(CONCURRENT)
  void burstOfRowsThatSleep_failsItsOwnRequestsOnly(Place place) throws Exception {
    try (RunningService service =
        RunningService.start(SCHEMA, FUNCTION + place.trigger, "--flush_interval=200ms")) {
      List<CompletableFuture<HttpResponse<String>>> bad = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> good = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        bad.add(service.postAsync(event(-1, "sleep")));
        good.add(service.postAsync(event(i, "fine")));
        good.add(service.postAsync("{\"_t\":\"u\",\"id\":" + i + "}"));
      }
      assertAll(200, good);
      assertTrue(bad.stream().noneMatch(CompletableFuture::isDone));
      assertAll(503, bad);
      assertEquals("10", service.query("SELECT count(*) FROM t"));
    }
  }

  @ParameterizedTest
  @EnumSource
  @Execution(CONCURRENT)
  void rowThatBreaksTheConnection_failsItsOwnRequestOnly(Place place) throws Exception {
    try (RunningService service =
        RunningService.start(
            SCHEMA, FUNCTION + place.trigger, "--ack_timeout=10s", "--flush_interval=100ms")) {
      List<CompletableFuture<HttpResponse<String>>> good = new ArrayList<>();
      CompletableFuture<HttpResponse<String>> bad = null;
      for (int i = 0; i < 30; i++) {
        if (i == 12) {
          bad = service.postAsync(event(-1, "die"));
        }
        good.add(service.postAsync(event(i, "fine")));
      }
      for (CompletableFuture<HttpResponse<String>> answer : good) {
        assertEquals(200, answer.get().statusCode(), answer.get().body());
      }
      assertTrue(bad != null);
      assertEquals(503, bad.get().statusCode(), bad.get().body());
      assertEquals("30", service.query("SELECT count(*) FROM t"));
    }
  }

  /** One client that repeats a bad row without end is tried apart. */
  @Test
  void repeatedRow_delaysNobody() throws Exception {
    try (RunningService service =
        RunningService.start(SCHEMA, FUNCTION + Place.COMMIT.trigger, "--ack_timeout=2s")) {
      List<CompletableFuture<HttpResponse<String>>> bad = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        if (i % 10 == 0) {
          bad.add(service.postAsync(event(-1, i % 20 == 0 ? "40001" : "XX000")));
        }
        assertEquals(200, service.post(event(i, "fine")).statusCode());
      }
      for (CompletableFuture<HttpResponse<String>> answer : bad) {
        assertEquals(503, answer.get().statusCode(), answer.get().body());
      }
      assertEquals("200", service.query("SELECT count(*) FROM t"));
    }
  }

  /** However many there are, and wherever they fail: neither their table nor the others wait. */
  @ParameterizedTest
  @EnumSource
  void burstOfBadRows_failsItsOwnRequestsOnly(Place place) throws Exception {
    try (RunningService service =
        RunningService.start(
            SCHEMA, FUNCTION + place.trigger, "--ack_timeout=20s", "--flush_interval=300ms")) {
      List<CompletableFuture<HttpResponse<String>>> bad = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> good = new ArrayList<>();
      for (int i = 0; i < 150; i++) {
        bad.add(service.postAsync(event(-1, "40001")));
        if (i % 3 == 2) {
          good.add(service.postAsync(event(i, "fine")));
          good.add(service.postAsync("{\"_t\":\"u\",\"id\":" + i + "}"));
        }
      }
      assertAll(200, good);
      for (int i = 0; i < 20; i++) {
        assertEquals(200, service.post(event(i, "fine")).statusCode());
      }
      assertAll(503, bad);
      assertEquals("0", service.query("SELECT count(*) FROM t WHERE id < 0"));
    }
  }

  /** Nothing tells then which table it was. */
  @Test
  void burstOfBadRowsForTwoTables_failsItsOwnRequestsOnly() throws Exception {
    String schema =
        """
        tables:
          t: {columns: [{name: id, type: i64}, {name: s}]}
          u: {columns: [{name: id, type: i64}]}
          v: {columns: [{name: id, type: i64}]}
        apps:
          a: {secret_key: sesame, tables: [t, u, v]}
        """;
    try (RunningService service =
        RunningService.start(
            schema,
            FUNCTION + Place.COMMIT.trigger,
            "--ack_timeout=20s",
            "--flush_interval=300ms")) {
      List<CompletableFuture<HttpResponse<String>>> bad = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> good = new ArrayList<>();
      for (int i = 0; i < 120; i++) {
        bad.add(service.postAsync(event(-1, "40001") + ",{\"_t\":\"u\",\"id\":-1}"));
      }
      for (int i = 0; i < 120; i++) {
        good.add(service.postAsync("{\"_t\":\"v\",\"id\":" + i + "}"));
        if (i % 4 == 0) {
          good.add(service.postAsync("{\"_t\":\"u\",\"id\":" + i + "}"));
        }
      }
      assertAll(200, good);
      assertAll(503, bad);
      assertEquals("0", service.query("SELECT count(*) FROM u WHERE id < 0"));
    }
  }

  private static void assertAll(int status, List<CompletableFuture<HttpResponse<String>>> answers)
      throws Exception {
    for (CompletableFuture<HttpResponse<String>> answer : answers) {
      assertEquals(status, answer.get().statusCode(), answer.get().body());
    }
  }

  /** On a full disk, say: each is tried, and then a few of them now and then. */
  @Test
  void everyRowThatFails_isTriedAgainNowAndThen() throws Exception {
    String full =
        """
        CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER is_full BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION is_full();
        CREATE TRIGGER is_full BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION is_full();
        """;
    try (RunningService service =
        RunningService.start(SCHEMA, FUNCTION + full, "--ack_timeout=6s")) {
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        answers.add(
            service.postAsync(i % 2 == 0 ? event(i, "fine") : "{\"_t\":\"u\",\"id\":" + i + "}"));
      }
      assertAll(503, answers);
      double attempts = service.metric("attolytics_flush_errors_total{sqlstate_class=\"53\"}");
      assertTrue(attempts < 900, "attempts " + attempts);
      service.execute("DROP TRIGGER is_full ON t");
      service.execute("DROP TRIGGER is_full ON u");
      assertEquals(200, service.post(event(1, "fine")).statusCode());
    }
  }
}
