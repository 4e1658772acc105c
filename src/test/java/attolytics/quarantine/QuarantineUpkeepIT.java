package attolytics.quarantine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.Sql;
import attolytics.TestDatabase;
import attolytics.app.RunningService;
import attolytics.database.ConnectionPool;
import attolytics.database.QuarantineTable;
import attolytics.metrics.QuarantineContents;
import attolytics.metrics.QuarantineContents.Group;
import attolytics.settings.DatabaseUrl;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class QuarantineUpkeepIT {
  private static final String SCHEMA =
      """
      tables: {t: {columns: [{name: s, type: string}]}}
      apps: {a: {secret_key: k, tables: [t]}, b: {secret_key: k, tables: [t]}}
      """;

  private static final String INSERT =
      "INSERT INTO attolytics_quarantine (received_at, app, table_name, code, pointer, event)"
          + " SELECT now() - interval '%s', '%s', 't', '%s', '/s', '{}' FROM generate_series(1, %d)";

  private TestDatabase database;
  private Connection connection;
  private HikariDataSource pool;
  private QuarantineContents seen = QuarantineContents.NONE;

  @BeforeEach
  void createTable() throws SQLException {
    database = TestDatabase.create();
    connection = database.connect();
    for (String statement : QuarantineTable.TABLE.creation()) {
      sql(statement);
    }
    pool =
        ConnectionPool.open(
            DatabaseUrl.parse(database.url()), 1, Duration.ofSeconds(5), new SimpleMeterRegistry());
  }

  @AfterEach
  void dropDatabase() throws SQLException {
    pool.close();
    connection.close();
    database.close();
  }

  @Test
  void purge_deletesWhatIsOlderThanTheTimeToLive_inSteps() throws SQLException {
    sql(INSERT.formatted("2 h", "a", "too_long", 2_500), INSERT.formatted("50 min", "a", "x", 3));
    upkeep(10).purge();
    assertEquals("3", query("SELECT count(*) FROM attolytics_quarantine"));
  }

  @Test
  void purge_leavesWhatAnotherTransactionHasLocked() throws SQLException {
    sql(INSERT.formatted("2 h", "a", "x", 3));
    connection.setAutoCommit(false);
    sql("SELECT FROM attolytics_quarantine WHERE id = 2 FOR UPDATE");
    upkeep(10).purge();
    connection.rollback();
    assertEquals("2", query("SELECT string_agg(id::text, ',') FROM attolytics_quarantine"));
  }

  @Test
  void count_countsByAppAndCode_andTellsTheNewestReasons() throws SQLException {
    sql(
        INSERT.formatted("1 min", "a", "too_long", 2),
        INSERT.formatted("1 min", "a", "x", 1),
        INSERT.formatted("1 min", "b", "x", 4));
    upkeep(10).count();
    assertEquals(
        List.of(new Group("a", "too_long", 2), new Group("a", "x", 1), new Group("b", "x", 4)),
        seen.groups());
    assertEquals(5, seen.newest().size());
    assertEquals("b", seen.newest().get(0).app());
    assertEquals("a", seen.newest().get(4).app());
    assertEquals("/s", seen.newest().get(0).pointer());
  }

  @Test
  void isFull_fromThatManyEventsOn_untilThereIsRoomAgain() throws SQLException {
    QuarantineUpkeep upkeep = upkeep(3);
    assertFalse(upkeep.isFull("a"), "before the first look");
    sql(INSERT.formatted("1 min", "a", "x", 3), INSERT.formatted("1 min", "b", "x", 2));
    upkeep.findFull();
    assertTrue(upkeep.isFull("a"));
    assertFalse(upkeep.isFull("b"), "each app has bounds of its own");
    sql("DELETE FROM attolytics_quarantine WHERE id = 1");
    upkeep.findFull();
    assertFalse(upkeep.isFull("a"));
  }

  @Test
  void findFull_logsOnceThatAQuarantineIsFull_andThatThereIsRoomAgain() throws SQLException {
    QuarantineUpkeep upkeep = upkeep(3);
    sql(INSERT.formatted("1 min", "a", "x", 3));
    List<String> logged =
        messages(
            () -> {
              upkeep.findFull();
              upkeep.findFull();
              sql("DELETE FROM attolytics_quarantine");
              upkeep.findFull();
              upkeep.findFull();
            });
    assertEquals(
        List.of(
            "the quarantine of app a is full: invalid events refuse their requests",
            "the quarantine of app a has room again"),
        logged);
  }

  @Test
  void findFull_withoutADatabase_keepsWhatIsKnown() throws SQLException {
    QuarantineUpkeep upkeep = upkeep(1);
    sql(INSERT.formatted("1 min", "a", "x", 1));
    upkeep.findFull();
    sql("ALTER TABLE attolytics_quarantine RENAME TO gone");
    upkeep.findFull();
    assertTrue(upkeep.isFull("a"));
  }

  /** As with events on a part of the disk that is too slow. */
  @Test
  void findFull_ofAnAppThatCannotBeCounted_keepsWhatIsKnown_andGoesOnWithOthers()
      throws SQLException {
    QuarantineUpkeep upkeep = upkeep(2);
    sql(INSERT.formatted("1 min", "a", "x", 2), INSERT.formatted("1 min", "b", "x", 2));
    upkeep.findFull();
    sql(
        "DELETE FROM attolytics_quarantine WHERE app = 'a' AND id = 1",
        INSERT.formatted("1 min", "c", "x", 2),
        "ALTER TABLE attolytics_quarantine RENAME TO whole",
        "CREATE VIEW attolytics_quarantine AS SELECT * FROM whole"
            + " WHERE app <> 'b' OR current_query() NOT LIKE '%count(%' OR 1 / (id - id) = 0");
    List<String> logged = messages(upkeep::findFull);
    assertFalse(upkeep.isFull("a"));
    assertTrue(upkeep.isFull("b"));
    assertTrue(upkeep.isFull("c"));
    assertEquals(
        List.of(
            "the quarantine of app a has room again",
            "the quarantine of app c is full: invalid events refuse their requests",
            "it cannot be found out which apps have --quarantine_rows events in quarantine, which is"
                + " tried again and again: ERROR: division by zero, SQLSTATE 22012"),
        logged);
  }

  /** Both bounds are acted on within 10 s, also if a count takes half a second for each app. */
  @Test
  void findFull_pausesForAsLongAsItTook() throws SQLException {
    AtomicLong seconds = new AtomicLong();
    DataSource slow =
        (DataSource)
            Proxy.newProxyInstance(
                DataSource.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                  seconds.addAndGet(3);
                  return pool.getConnection();
                });
    QuarantineUpkeep upkeep =
        new QuarantineUpkeep(
            slow,
            Duration.ofHours(1),
            1,
            contents -> seen = contents,
            () -> Duration.ofSeconds(seconds.get()).toNanos());
    upkeep.findFull();
    sql(INSERT.formatted("1 min", "a", "x", 1));
    seconds.addAndGet(QuarantineUpkeep.PERIOD.toSeconds());
    upkeep.findFull();
    assertTrue(upkeep.isFull("a"));
  }

  /** As with so many events that they cannot be counted in time: their codes cannot be read. */
  @Test
  void findFull_worksThoughNotAllCanBeCounted() throws SQLException {
    sql(
        INSERT.formatted("1 min", "a", "x", 3),
        INSERT.formatted("1 min", "b", "x", 1),
        INSERT.formatted("1 min", "c", "x", 2),
        "ALTER TABLE attolytics_quarantine RENAME TO whole",
        "CREATE VIEW attolytics_quarantine AS"
            + " SELECT id, received_at, app, (1 / (id - id))::text AS code FROM whole");
    QuarantineUpkeep upkeep = upkeep(2);
    List<String> logged =
        messages(
            () -> {
              upkeep.findFull();
              upkeep.count();
            });
    assertTrue(upkeep.isFull("a"));
    assertFalse(upkeep.isFull("b"));
    assertTrue(upkeep.isFull("c"));
    assertEquals(3, logged.size(), logged::toString);
    assertEquals(
        "the events in quarantine cannot be counted for attolytics_quarantine_rows, which is tried"
            + " again and again: ERROR: division by zero, SQLSTATE 22012",
        logged.get(2));
  }

  /** The connections of the pool give up after the ack timeout. */
  @Test
  void count_mayTakeLongerThanTheAckTimeout_butTheServerGivesUpFirst() throws SQLException {
    sql("ALTER TABLE attolytics_quarantine RENAME TO whole");
    sql(
        "CREATE VIEW attolytics_quarantine AS SELECT id, received_at, app, table_name, pointer,"
            + " (SELECT 'x' || pg_sleep(1.5)) || current_setting('statement_timeout') AS code"
            + " FROM whole");
    sql(INSERT.replace("attolytics_quarantine", "whole").formatted("1 min", "a", "x", 1));
    try (HikariDataSource impatient =
        ConnectionPool.open(
            DatabaseUrl.parse(database.url()),
            1,
            Duration.ofSeconds(1),
            new SimpleMeterRegistry())) {
      upkeep(impatient, 1).count();
    }
    assertEquals(List.of(new Group("a", "x1min", 1)), seen.groups());
  }

  /** Both bounds are acted on within 10 s. */
  @Test
  void service_deletesAndShowsInMetrics() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--quarantine_ttl=1h")) {
      service.execute(
          INSERT.formatted("2 h", "a", "x", 1)
              + ";"
              + INSERT.formatted("1 min", "a", "x", 2)
              + ";"
              + INSERT.formatted("1 min", "formerly", "x", 3));
      Eventually.await(() -> service.metric("attolytics_quarantine_rows{app=\"a\"}") == 2);
      assertEquals(0, service.metric("attolytics_quarantine_rows{app=\"b\"}"));
      assertEquals(3, service.metric("attolytics_quarantine_rows{app=\"unknown\"}"));
      assertEquals("5", service.query("SELECT count(*) FROM attolytics_quarantine"));
    }
  }

  /** As after --quarantine_ttl was shortened, with a large backlog and a slow disk. */
  @Test
  void service_countsWhileItDeletes() throws Exception {
    // With a longer ack timeout, the DELETE is not given up as long as this lasts.
    try (RunningService service =
        RunningService.start(SCHEMA, "", "--quarantine_ttl=1h", "--ack_timeout=10m")) {
      onDelete(service, "PERFORM pg_sleep(1000)");
      service.execute(INSERT.formatted("2 h", "a", "x", 1));
      Eventually.await(
          () ->
              !"0"
                  .equals(
                      service.query(
                          "SELECT count(*) FROM pg_stat_activity WHERE datname ="
                              + " current_database() AND query LIKE 'DELETE%' AND state ="
                              + " 'active'")));
      service.execute(INSERT.formatted("1 min", "b", "x", 2));
      Eventually.await(() -> service.metric("attolytics_quarantine_rows{app=\"b\"}") == 2);
    }
  }

  @Test
  void service_countsThoughItCannotDelete() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "", "--quarantine_ttl=1h")) {
      onDelete(service, "RAISE EXCEPTION 'of the test'");
      service.execute(
          INSERT.formatted("2 h", "a", "x", 1) + ";" + INSERT.formatted("1 min", "b", "x", 2));
      Eventually.await(() -> service.metric("attolytics_quarantine_rows{app=\"b\"}") == 2);
      assertEquals(1, service.metric("attolytics_quarantine_rows{app=\"a\"}"));
    }
  }

  private static void onDelete(RunningService service, String statement) throws Exception {
    service.execute(
        "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; RETURN old; END $$"
                .formatted(statement)
            + ";CREATE TRIGGER fault BEFORE DELETE ON attolytics_quarantine"
            + " FOR EACH ROW EXECUTE FUNCTION fault()");
  }

  private QuarantineUpkeep upkeep(long maxRows) {
    return upkeep(pool, maxRows);
  }

  /** With a clock that stands still, so that it never pauses. */
  private QuarantineUpkeep upkeep(HikariDataSource connections, long maxRows) {
    return new QuarantineUpkeep(
        connections, Duration.ofHours(1), maxRows, contents -> seen = contents, () -> 0);
  }

  /** A part of a test. */
  private interface Part {
    void run() throws SQLException;
  }

  /** What is logged meanwhile. */
  private static List<String> messages(Part part) throws SQLException {
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(QuarantineUpkeep.class.getPackageName());
    logger.addAppender(logged);
    logged.start();
    try {
      part.run();
    } finally {
      logger.detachAppender(logged);
    }
    return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  private void sql(String... statements) throws SQLException {
    Sql.execute(connection, statements);
  }

  private String query(String select) throws SQLException {
    return Sql.value(connection, select);
  }
}
