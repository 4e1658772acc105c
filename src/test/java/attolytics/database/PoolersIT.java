package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.Eventually;
import attolytics.PgBouncer;
import attolytics.PgBouncer.Pooling;
import attolytics.Sql;
import attolytics.TestDatabase;
import attolytics.app.RunningService;
import attolytics.app.TestClock;
import attolytics.settings.StartException;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The service behind a real PgBouncer. */
@Timeout(120)
class PoolersIT {
  private static final String SCHEMA =
      """
      tables:
        seen: {columns: [{name: id, type: i64, required: true}]}
      apps:
        a: {secret_key: sesame, tables: [seen]}
      """;

  private static final String INDEXED =
      SCHEMA.replace("required: true", "indexed: true, required: true");

  private static final String PARTITIONED =
      """
      tables:
        seen: {columns: [{name: id, type: i64, required: true, indexed: true}]}
        t:
          columns: [{name: time, type: timestamp, required: true}, {name: n, type: i64}]
          partition_by: {column: time, interval: day}
          retention: 10 days
      apps:
        a: {secret_key: sesame, tables: [seen, t]}
      """;

  private static final String OLDEST =
      "SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 't'::regclass";

  /** All that a session can keep, but what PgBouncer sets for each client. */
  private static final String STATE =
      "SELECT (SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings"
          + " WHERE source = 'session' AND name NOT IN ('application_name', 'TimeZone', 'transaction_isolation'))"
          + " || (SELECT count(*) FROM pg_prepared_statements) || ' prepared '"
          + " || (SELECT count(*) FROM pg_class WHERE relpersistence = 't') || ' temporary '"
          + " || current_setting('default_transaction_isolation')";

  private final Logger startLogger =
      (Logger) LoggerFactory.getLogger("attolytics.app.DatabaseStart");
  private final ListAppender<ILoggingEvent> startLog = new ListAppender<>();
  private TestDatabase database;

  @BeforeEach
  void create() throws SQLException {
    startLog.start();
    startLogger.addAppender(startLog);
    database = TestDatabase.create();
  }

  @AfterEach
  void drop() throws SQLException {
    startLogger.detachAppender(startLog);
    database.close();
  }

  /** As if the server, or a pooler before it, went away in the middle of the start. */
  @Test
  void start_beginsAgain_ifItsSessionIsTerminated() throws Exception {
    try (DatabaseProxy proxy = new DatabaseProxy(database)) {
      proxy.falsifyNext(
          "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
          "SELECT pg_terminate_backend(pg_backend_pid());");
      try (RunningService service = RunningService.startAt(proxy.url(), database, SCHEMA)) {
        assertTrue(proxy.hasFalsified());
        assertEquals(200, service.post("{\"_t\": \"seen\", \"id\": 1}").statusCode());
      }
    }
  }

  /**
   * What PgBouncer 1.18 makes of named statements: another client's COMMIT is this client's SELECT.
   */
  @Test
  void post_commitsName_isAnotherClientsStatement_storesAllTheSame() throws Exception {
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.TRANSACTION, 1);
        RunningService service = start(pooler)) {
      assertEquals(200, service.post("k0", event(0)).statusCode());
      for (int number = 1; number <= 30; number++) {
        prepareAsSelect(pooler, "S_" + number);
        assertEquals(200, service.post("k" + number, event(number)).statusCode());
      }
      assertEquals("31", database.value("SELECT count(*) FROM seen"));
    }
  }

  /** As the driver's names meet each other, within an instance and between two. */
  @Test
  void post_twoInstancesShareThreeConnections_eachRowStandsOnce() throws Exception {
    int requests = 600;
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.TRANSACTION, 3);
        RunningService one = start(pooler, "--writers=2");
        RunningService two = start(pooler, "--writers=2")) {
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int id = 0; id < requests; id++) {
        answers.add((id % 2 == 0 ? one : two).postAsync("k" + id, event(id)));
      }
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        assertEquals(200, answer.get().statusCode());
      }
      assertEquals(
          requests + "/" + requests,
          database.value("SELECT count(*) || '/' || count(DISTINCT id) FROM seen"));
    }
  }

  /** A migration, a start and upkeep, with all that each of them locks and sets. */
  @Test
  void start_withMigrationAndPartitions_leavesNothingOnTheSession() throws Exception {
    TestClock clock = new TestClock(60);
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.TRANSACTION, 2)) {
      String before;
      try (Connection other = pooler.connect(database.name())) {
        before = Sql.value(other, STATE);
        Sql.execute(
            other, "CREATE TABLE t (time timestamptz NOT NULL, n int8) PARTITION BY RANGE (time)");
        Sql.execute(other, "CREATE TABLE seen (id int8 NOT NULL)");
        Sql.execute(other, "INSERT INTO seen VALUES (1)");
      }
      try (RunningService service =
          RunningService.startAt(
              pooler.url(database.name()), database, PARTITIONED, clock, "--migrate")) {
        Eventually.await(() -> partitions() > 0);
        String oldest = database.value(OLDEST);
        clock.pass(Duration.ofDays(12));
        Eventually.await(() -> !oldest.equals(database.value(OLDEST)));
        assertEquals(200, service.post("k", event(2)).statusCode());
        assertEquals(
            "seen_id_idx t",
            database.value(
                "SELECT string_agg(indexrelid::regclass || ' ' || left(indisvalid::text, 1), ', ') FROM pg_index WHERE indrelid = 'seen'::regclass"));
        String locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
        Eventually.await(() -> database.value(locks).equals("0")); // once the upkeep is over
        try (Connection one = pooler.connect(database.name());
            Connection two = pooler.connect(database.name())) {
          one.setAutoCommit(false); // so that the other gets the other session
          assertEquals(before, Sql.value(one, STATE));
          assertEquals(before, Sql.value(two, STATE));
        }
      }
    }
  }

  /** One server connection is enough for all that needs no index built or partition dropped. */
  @Test
  void migrate_poolOfOne_saysThatItNeedsTwo() throws Exception {
    database.execute("CREATE TABLE seen (id int8 NOT NULL)");
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.TRANSACTION, 1)) {
      StartException e = assertThrows(StartException.class, () -> migrate(pooler));
      assertTrue(String.valueOf(e.getMessage()).contains("has to have two"), e.getMessage());
    }
    assertEquals(
        "0", database.value("SELECT count(*) FROM pg_index WHERE indrelid = 'seen'::regclass"));
  }

  /** It could not be set aside, and would leave an INVALID index. */
  @Test
  void migrate_timeoutOfTheRole_keepsTheIndexFromBeingBegun_andNotTheStart() throws Exception {
    database.execute("CREATE TABLE seen (id int8 NOT NULL)");
    database.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 60000', current_database()); END $$");
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.TRANSACTION, 3);
        RunningService service = migrate(pooler)) {
      assertEquals(200, service.post("k", event(1)).statusCode());
      assertEquals(
          "0", database.value("SELECT count(*) FROM pg_index WHERE indrelid = 'seen'::regclass"));
      assertTrue(isLogged("statement_timeout = 60000 ms would cancel it"));
    }
  }

  @Test
  void sessionPooling_worksToo() throws Exception {
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.SESSION, 10);
        RunningService service = start(pooler, "--migrate")) {
      assertEquals(200, service.post("k", event(1)).statusCode());
      assertEquals("1", database.value("SELECT count(*) FROM seen"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--migrate"})
  void statementPooling_isRefusedAtStart(String option) throws Exception {
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.STATEMENT, 3)) {
      StartException e =
          assertThrows(
              StartException.class,
              () -> start(pooler, option.isEmpty() ? new String[0] : new String[] {option}));
      assertTrue(
          String.valueOf(e.getMessage())
              .contains("statement pooling mode; set pool_mode = transaction"),
          e.getMessage());
    }
  }

  @Test
  void startupParameter_thatThePoolerRefuses_isNamedWithWhatToDo() throws Exception {
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.TRANSACTION, 3)) {
      StartException e =
          assertThrows(
              StartException.class,
              () ->
                  RunningService.startAt(
                      pooler.url(database.name()) + "?currentSchema=public", database, SCHEMA));
      assertTrue(String.valueOf(e.getMessage()).contains("search_path"), e.getMessage());
      assertTrue(
          String.valueOf(e.getMessage()).contains("ignore_startup_parameters"), e.getMessage());
    }
  }

  private RunningService migrate(PgBouncer pooler) throws Exception {
    return RunningService.startAt(pooler.url(database.name()), database, INDEXED, "--migrate");
  }

  private int partitions() throws SQLException {
    return Integer.parseInt(database.value("SELECT count(*) FROM pg_inherits"));
  }

  private boolean isLogged(String words) {
    return List.copyOf(startLog.list).stream()
        .anyMatch(line -> line.getFormattedMessage().contains(words));
  }

  private RunningService start(PgBouncer pooler, String... options) throws Exception {
    return RunningService.startAt(pooler.url(database.name()), database, SCHEMA, options);
  }

  private void prepareAsSelect(PgBouncer pooler, String name) throws SQLException {
    try (Connection connection = pooler.connect(database.name())) {
      Sql.execute(
          connection,
          "DO $$ BEGIN IF EXISTS (SELECT FROM pg_prepared_statements WHERE name = '%s')"
                  .formatted(name)
              + " THEN EXECUTE 'DEALLOCATE \"%s\"'; END IF; END $$".formatted(name),
          "PREPARE \"%s\" AS SELECT 1".formatted(name));
    }
  }

  private static String event(int id) {
    return "{\"_t\":\"seen\",\"id\":" + id + "}";
  }
}
