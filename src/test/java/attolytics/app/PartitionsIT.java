package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import attolytics.database.AdvisoryLock;
import attolytics.settings.StartException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Partitions and retention as a user of the service sees them. */
@Timeout(180)
class PartitionsIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns: [{name: time, type: timestamp, required: true, indexed: brin}, {name: n, type: i64}]
          partition_by: {column: time, interval: day}
          retention: 10 days
      apps: {a: {secret_key: sesame, tables: [t]}}
      """;

  private static final Duration DAY = Duration.ofDays(1);

  /** Past the time from one upkeep to the next. */
  private static final Duration UPKEEP = Duration.ofMinutes(6);

  private final TestClock clock = new TestClock(60);

  private TestDatabase database;

  @BeforeEach
  void createDatabase() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterEach
  void dropDatabase() throws SQLException {
    database.close();
  }

  private static String event(Instant time) {
    return "{\"_t\":\"t\",\"time\":\"" + time + "\"}";
  }

  private static double end(RunningService service) throws Exception {
    return service.metric("attolytics_partitions_end_timestamp_seconds{table=\"t\"}");
  }

  private static void awaitPartitions(RunningService service, int count) throws Exception {
    Eventually.await(
        () ->
            service
                .query("SELECT count(*) FROM pg_inherits WHERE inhparent = 't'::regclass")
                .equals(Integer.toString(count)));
  }

  // Events

  @Test
  void eventsOutOfTime_areRefused_andSayWhy() throws Exception {
    try (RunningService service = RunningService.start(database, SCHEMA, clock)) {
      Instant now = clock.instant();
      assertEquals(200, service.post(event(now)).statusCode());
      assertEquals(200, service.post(event(now.minus(Duration.ofDays(9)))).statusCode());
      assertEquals(200, service.post(event(now.plus(Duration.ofHours(23)))).statusCode());

      HttpResponse<String> answer =
          service.post(
              event(now)
                  + ","
                  + event(now.minus(Duration.ofDays(11)))
                  + ","
                  + event(now.plus(DAY.multipliedBy(2))));
      assertEquals(400, answer.statusCode());
      String body = answer.body();
      assertTrue(body.contains("\"pointer\":\"/events/1/time\",\"code\":\"too_old\""), body);
      assertTrue(body.contains("events are kept for 10 days"), body);
      assertTrue(body.contains("\"pointer\":\"/events/2/time\",\"code\":\"too_far_ahead\""), body);
      assertTrue(body.contains("it must be at most 24 hours ahead"), body);
      assertEquals("3", service.query("SELECT count(*) FROM t"));
      assertEquals(
          3,
          service.metric("attolytics_events_rejected_total{app=\"a\",reason=\"invalid_events\"}"));
    }
  }

  /** It is the service that has to see to it: the client's event is right, and may come again. */
  @Test
  void partitionThatIsMissing_isTheServicesFailure_andIsMade() throws Exception {
    try (RunningService service = RunningService.start(database, SCHEMA, clock)) {
      Eventually.await(() -> end(service) > 0);
      String name =
          service.query(
              "INSERT INTO t VALUES ('%s') RETURNING tableoid::regclass"
                  .formatted(clock.instant()));
      service.execute("ALTER TABLE t DETACH PARTITION " + name);
      HttpResponse<String> answer = service.post(event(clock.instant()));
      assertEquals(500, answer.statusCode(), answer.body());
      assertTrue(answer.body().contains("table_broken"), answer.body());

      clock.pass(UPKEEP);
      Eventually.await(() -> service.post(event(clock.instant())).statusCode() == 200);
      assertEquals("1", service.query("SELECT count(*) FROM " + name)); // what was detached stays
      assertEquals(1, service.metric("attolytics_partitions_made_total{table=\"t\"}"));
    }
  }

  /** A partitioned table of somebody else's: what its bounds refuse is the client's fault. */
  @Test
  void withoutPartitionBy_theDatabaseRefusesTheRow() throws Exception {
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute("CREATE TABLE t (time timestamptz NOT NULL, n int8) PARTITION BY RANGE (time)");
    }
    String schema = SCHEMA.replaceAll("(?m)^.*(partition_by|retention).*\n", "");
    try (RunningService service = RunningService.start(database, schema, clock)) {
      HttpResponse<String> answer = service.post(event(clock.instant()));
      assertEquals(400, answer.statusCode(), answer.body());
      assertTrue(answer.body().contains("refused_by_database"), answer.body());
    }
  }

  // Upkeep

  @Test
  void upkeepThatFails_isCounted_andTriedAgain() throws Exception {
    String failures = "attolytics_partition_upkeep_failures_total{table=\"t\"}";
    try (RunningService service = RunningService.start(database, SCHEMA, clock)) {
      Eventually.await(() -> end(service) > 0);
      double end = end(service);
      assertEquals((double) clock.today().plus(DAY.multipliedBy(8)).getEpochSecond(), end);
      assertEquals(0, service.metric(failures));
      try (Connection other = database.connect();
          Statement lock = other.createStatement()) {
        other.setAutoCommit(false);
        lock.execute("LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE");
        clock.pass(DAY);
        Eventually.await(() -> service.metric(failures) >= 1);
        assertEquals(end, end(service));
        assertEquals(200, service.post(event(clock.instant())).statusCode());
      }
      clock.pass(UPKEEP);
      Eventually.await(() -> end(service) == end + DAY.toSeconds());
    }
  }

  @Test
  void tableWhoseUpkeepEndsItsSession_doesNotKeepTheNextFromIts() throws Exception {
    database.assumeSuperuser("create an event trigger");
    String twoTables =
        SCHEMA
            .replace(
                "apps:",
                SCHEMA.substring(SCHEMA.indexOf("  t:"), SCHEMA.indexOf("apps:")) + "apps:")
            .replaceFirst("  t:", "  ends:");
    try (RunningService service = RunningService.start(database, twoTables, clock)) {
      Eventually.await(() -> end(service) > 0);
      double end = end(service);
      service.execute(
          "CREATE FUNCTION end_session() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
              + " IF current_query() LIKE '%ends%' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"
              + " END $$;"
              + " CREATE EVENT TRIGGER end_session ON ddl_command_start EXECUTE FUNCTION end_session()");
      clock.pass(DAY);
      Eventually.await(() -> end(service) == end + DAY.toSeconds());
      assertEquals(1, service.metric("attolytics_partition_upkeep_failures_total{table=\"ends\"}"));
      assertEquals(0, service.metric("attolytics_partition_upkeep_failures_total{table=\"t\"}"));
    }
  }

  @Test
  void whoHasNotGotTheTurn_dropsNothing() throws Exception {
    String oldest =
        "SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 't'::regclass";
    try (RunningService service = RunningService.start(database, SCHEMA, clock)) {
      Eventually.await(() -> end(service) > 0);
      double end = end(service);
      String first = service.query(oldest);
      try (Connection other = database.connect()) {
        assertTrue(AdvisoryLock.UPKEEP.hold(other));
        clock.pass(DAY.multipliedBy(12));
        Eventually.await(() -> end(service) == end + DAY.multipliedBy(12).toSeconds());
        clock.pass(DAY); // by when the round of the day before has come to its end
        Eventually.await(() -> end(service) == end + DAY.multipliedBy(13).toSeconds());
        assertEquals(first, service.query(oldest));
      }
      clock.pass(UPKEEP);
      Eventually.await(() -> !first.equals(service.query(oldest)));
    }
  }

  @Test
  void reload_takesOverTheRetention_andTheEndOfIt() throws Exception {
    try (RunningService service = RunningService.start(database, SCHEMA, clock)) {
      for (int day = 0; day < 5; day++) { // in each of which the partitions are seen to
        int partitions = 9 + day;
        awaitPartitions(service, partitions);
        Instant now = clock.instant();
        assertEquals(200, service.post(event(now)).statusCode());
        clock.pass(DAY);
      }
      awaitPartitions(service, 14);
      Instant sixDaysAgo = clock.instant().minus(Duration.ofDays(6));
      assertEquals(200, service.post(event(sixDaysAgo)).statusCode());

      service.reload(SCHEMA.replace("10 days", "2 days"));
      assertEquals(400, service.post(event(sixDaysAgo)).statusCode());
      awaitPartitions(service, 10); // the day before yesterday, …, in seven days
      Eventually.await(
          () -> service.metric("attolytics_partitions_dropped_total{table=\"t\"}") == 4);
      assertEquals("2", service.query("SELECT count(*) FROM t"));

      service.reload(SCHEMA);
      assertEquals(200, service.post(event(sixDaysAgo)).statusCode()); // there is a partition again

      service.reload(SCHEMA.replaceAll("(?m)^.*(partition_by|retention).*\n", ""));
      assertEquals(200, service.post(event(sixDaysAgo.minus(DAY))).statusCode());
      Eventually.await(() -> Double.isNaN(end(service)));
    }
  }

  // Commands and the start

  private CommandResult run(Path schema, String... command) {
    String[] args = Arrays.copyOf(command, command.length + 2);
    args[command.length] = "--schema=" + schema;
    args[command.length + 1] = "--db_url=" + database.url();
    return CommandResult.of(Map.of(), args);
  }

  @Test
  void check_printsWhatAStartCreates_andThatSqlLeavesNothingToDo(@TempDir Path directory)
      throws Exception {
    Path schema = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    CommandResult check = run(schema, "check");
    assertEquals(0, check.exitCode(), check::err);
    assertTrue(check.out().contains(") PARTITION BY RANGE (\"time\");\n"), check::out);
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute(check.out());
    }
    CommandResult again = run(schema, "migrate");
    assertEquals(0, again.exitCode(), again::err);
    assertTrue(again.out().contains("nothing is left to do"), again::out);
  }

  @Test
  void migrate_makesWhatIsMissing(@TempDir Path directory) throws Exception {
    Path schema = Files.writeString(directory.resolve("schema.yaml"), SCHEMA);
    assertEquals(0, run(schema, "migrate", "--apply").exitCode());
    // No service runs, as it would make the partition again by itself.
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      String last;
      try (ResultSet found =
          sql.executeQuery(
              "SELECT max(relname) FROM pg_class WHERE relname ~ '^t_\\d{8}$' AND relkind = 'r'")) {
        assertTrue(found.next());
        last = found.getString(1);
      }
      sql.execute("DROP TABLE " + last);
      assertEquals(3, run(schema, "migrate").exitCode());
      assertEquals(0, run(schema, "migrate", "--apply").exitCode());
      try (ResultSet found = sql.executeQuery("SELECT to_regclass('" + last + "') IS NOT NULL")) {
        assertTrue(found.next() && found.getBoolean(1), last);
      }
    }
  }

  @Test
  void start_refusesATableThatIsNotPartitioned() throws Exception {
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute("CREATE TABLE t (time timestamptz NOT NULL, n int8)");
    }
    StartException e =
        assertThrows(
            StartException.class, () -> RunningService.start(database, SCHEMA, clock).close());
    List<String> problems =
        e.problems().stream().filter(problem -> problem.contains("is not partitioned")).toList();
    assertEquals(1, problems.size(), problems::toString);
  }
}
