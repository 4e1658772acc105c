package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import attolytics.app.CommandResult;
import attolytics.app.RunningService;
import attolytics.settings.StartException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** More than one database machine: tables that are distributed over a real Citus cluster. */
@Timeout(300)
class CitusIT {
  private static final String EVENTS =
      """
      tables:
        events:
          distribute_by: user_id
          columns:
            - {name: user_id, required: true, indexed: true}
            - {name: id, type: i64}
        local:
          columns: [{name: id, type: i64}]
      apps:
        a: {secret_key: sesame, tables: [events, local]}
      """;

  private static final String EACH_TYPE =
      """
      tables:
        t:
          distribute_by: i64
          columns:
            - {name: bool, type: bool}
            - {name: i32, type: i32}
            - {name: i64, type: i64, required: true}
            - {name: f32, type: f32}
            - {name: f64, type: f64}
            - {name: string, type: string}
            - {name: timestamp, type: timestamp}
            - {name: date, type: date}
            - {name: uuid, type: uuid}
            - {name: json, type: json, indexed: true}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  @TempDir Path directory;

  private TestDatabase database;

  @BeforeEach
  void createSchema() throws SQLException {
    database = TestDatabase.onCitus();
  }

  @AfterEach
  void dropSchema() throws SQLException {
    if (database != null) { // there is a cluster
      database.close();
    }
  }

  private RunningService start(String schema, String... options) throws Exception {
    return RunningService.start(database, schema, options);
  }

  private void startAndStop(String schema) throws Exception {
    start(schema).service().stop();
  }

  private static String event(String user, long id) {
    return "{\"_t\":\"events\",\"user_id\":\"" + user + "\",\"id\":" + id + "}";
  }

  private static String local(long id) {
    return "{\"_t\":\"local\",\"id\":" + id + "}";
  }

  // Tables

  @Test
  void start_distributesTheTable_andLeavesTheOthersWhereTheyAre() throws Exception {
    try (RunningService service = start(EVENTS);
        RunningService second = start(EVENTS)) {
      assertEquals(
          "events by user_id",
          service.query(
              "SELECT string_agg(logicalrelid || ' by ' || column_to_column_name(logicalrelid,"
                  + " partkey), ', ') FROM pg_dist_partition JOIN pg_class ON oid = logicalrelid"
                  + " WHERE relnamespace = current_schema()::regnamespace"));
      assertEquals(200, second.post(event("u", 1)).statusCode());
    }
  }

  @Test
  void check_showsWhatAStartDoes_andChangesNothing() throws Exception {
    CommandResult check = run(EVENTS, "check");

    assertEquals(0, check.exitCode(), check.err());
    assertTrue(
        check
            .out()
            .contains(
                "\nSELECT create_distributed_table('\"events\"', 'user_id');\nCREATE INDEX ON"),
        check.out());
    assertEquals(List.of(), rows("SELECT relname FROM pg_class WHERE relname = 'events'" + HERE));
    check.out().lines().filter(line -> !line.startsWith("--")).forEach(this::executeUnchecked);
    CommandResult again = run(EVENTS, "check");
    assertTrue(
        again.out().contains("-- a start would create nothing\n"), again.out() + again.err());
  }

  @Test
  void check_warnsOfConnectionsThatAreOpenedForEachFlush() throws Exception {
    String options = "&options=-c%20citus.max_cached_conns_per_worker%3D2";
    String pool = "%20-c%20citus.max_adaptive_executor_pool_size%3D";
    String warning = "-- warning: each flush opens up to 3 connections to each worker";

    CommandResult three =
        run(database.url() + options + pool + "3", EVENTS, new String[] {"check"});
    CommandResult two = run(database.url() + options + pool + "2", EVENTS, new String[] {"check"});
    String local = EVENTS.replace("distribute_by: user_id", "");
    CommandResult none = run(database.url() + options + pool + "3", local, new String[] {"check"});

    assertTrue(three.out().contains(warning), three.out() + three.err());
    assertEquals(List.of(0, 0, 0), List.of(three.exitCode(), two.exitCode(), none.exitCode()));
    assertFalse((two.out() + none.out()).contains("-- warning"), two.out() + none.out());
  }

  private static final String HERE = " AND relnamespace = current_schema()::regnamespace";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1; is not distributed, but has to be by \"user_id\"; SELECT"
            + " create_distributed_table('\"events\"', 'user_id')",
        "SELECT create_distributed_table('events', 'id'); is distributed by \"id\", but has to be by"
            + " \"user_id\"; SELECT alter_distributed_table('\"events\"', distribution_column =>"
            + " 'user_id')",
        "SELECT create_reference_table('events'); is managed by Citus, but not distributed by"
            + " \"user_id\"; SELECT undistribute_table('\"events\"'); SELECT"
            + " create_distributed_table('\"events\"', 'user_id')"
      })
  void start_refusesATableThatIsOtherwise_withWhatFixesIt(String parameter) throws Exception {
    execute("CREATE TABLE events (user_id varchar NOT NULL, id int8)");
    execute("CREATE INDEX ON events (user_id)");
    execute("INSERT INTO events VALUES ('u', 1)");
    String[] parts = parameter.split("; ", 2);
    execute(parts[0]);

    StartException refused = assertThrows(StartException.class, () -> startAndStop(EVENTS));
    assertEquals(1, refused.problems().size(), refused.problems()::toString);
    String problem = refused.problems().get(0);
    assertTrue(problem.startsWith("table \"events\" " + parts[1]), problem);
    CommandResult migrate = run(EVENTS, "migrate", "--apply");
    assertEquals(3, migrate.exitCode(), migrate.err());
    assertTrue(migrate.out().contains("-- left to do by hand: " + problem), migrate.out());

    for (String statement : problem.split("; ", -1)) {
      if (statement.startsWith("SELECT ")) {
        execute(statement.replaceFirst(" moves its rows.*", ""));
      }
    }
    startAndStop(EVENTS);
    assertEquals(List.of("u"), rows("SELECT user_id FROM events"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create_distributed_table('attolytics_idempotency', 'key', colocate_with => 'none')",
        "create_reference_table('attolytics_idempotency')"
      })
  void start_refusesKeysThatAreNotTheCoordinators(String distribute) throws Exception {
    startAndStop(EVENTS);
    execute("SELECT " + distribute);
    StartException refused = assertThrows(StartException.class, () -> startAndStop(EVENTS));
    assertEquals(
        List.of(
            "table \"attolytics_idempotency\" is managed by Citus, but has to be a local table of"
                + " the coordinator; SELECT undistribute_table('\"attolytics_idempotency\"')"),
        refused.problems());
    execute("SELECT undistribute_table('\"attolytics_idempotency\"')");
    startAndStop(EVENTS);
  }

  @Test
  void migrate_createsDistributesAndIndexesBesideAServiceThatWrites() throws Exception {
    String grown =
        EVENTS
            .replace(
                "{name: id, type: i64}\n  local", "{name: id, type: i64, indexed: true}\n  local")
            .replace("  local:", "      - {name: score, type: f64, indexed: true}\n  local:")
            .replace(
                "apps:", "  more: {distribute_by: x, columns: [{name: x, required: true}]}\napps:");
    try (RunningService service = start(EVENTS)) {
      assertEquals(200, service.post(event("u", 1)).statusCode());
      CommandResult migrate = run(grown, "migrate", "--apply");
      assertEquals(0, migrate.exitCode(), migrate.out() + migrate.err());
      assertEquals(200, service.post(event("u", 2)).statusCode());
      assertEquals(0, run(grown, "check").exitCode());
      assertEquals("2", service.query("SELECT count(*) FROM events WHERE score IS NULL"));
      assertEquals(
          "2",
          service.query(
              "SELECT count(*) FROM pg_dist_partition JOIN pg_class ON oid = logicalrelid WHERE"
                  + " partmethod = 'h'"
                  + HERE));
    }
  }

  // Rows

  @Test
  void rowsOfEachType_areStoredAsSent() throws Exception {
    try (RunningService service = start(EACH_TYPE)) {
      StringBuilder events = new StringBuilder();
      for (int i = 0; i < 500; i++) {
        events
            .append(i == 0 ? "" : ",")
            .append(
                """
                {"_t": "t", "bool": true, "i32": %1$d, "i64": %1$d, "f32": 0.5, "f64": 1e300,
                 "string": "ü%1$d", "timestamp": "2026-01-31T12:00:00.5Z", "date": "2026-01-31",
                 "uuid": "123e4567-e89b-12d3-a456-426614174000", "json": {"a": [%1$d]}}
                """
                    .formatted(i));
      }
      assertEquals(200, service.post(events.toString()).statusCode());
      assertEquals(200, service.post("{\"_t\":\"t\",\"i64\":-1}").statusCode());
      assertEquals(
          "500",
          service.query(
              "SELECT count(*) FROM t WHERE bool AND i32 = i64 AND f32 = 0.5 AND f64 = 1e300"
                  + " AND string = 'ü' || i64 AND timestamp = '2026-01-31T12:00:00.5Z'"
                  + " AND date = '2026-01-31' AND uuid = '123e4567-e89b-12d3-a456-426614174000'"
                  + " AND json = jsonb_build_object('a', jsonb_build_array(i64))"));
      assertEquals("501", service.query("SELECT count(*) FROM t"));
    }
  }

  @Test
  void badRow_isItsRequestsAlone_whicheverMachineRefusesIt() throws Exception {
    execute("CREATE TABLE events (user_id varchar NOT NULL, id int8 CHECK (id <> 13))");
    execute("CREATE INDEX ON events (user_id)");
    execute("SELECT create_distributed_table('events', 'user_id')");
    execute("CREATE UNIQUE INDEX ON events (user_id, id)");
    try (RunningService service = start(EVENTS);
        Connection blocker = database.connect();
        Statement lock = blocker.createStatement()) {
      assertEquals(200, service.post(event("u7", 7)).statusCode());
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE local");
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        answers.add(service.postAsync(local(i) + "," + event("u" + i, i)));
      }
      Eventually.await(() -> service.metric("attolytics_ring_used_rows") == 80);
      blocker.rollback();
      for (int i = 0; i < 40; i++) {
        HttpResponse<String> answer = answers.get(i).get();
        int expected = i == 7 ? 409 : i == 13 ? 400 : 200;
        assertEquals(expected, answer.statusCode(), answer.body());
      }
      assertEquals("38", service.query("SELECT count(*) FROM local"));
      assertEquals("39", service.query("SELECT count(*) FROM events"));
    }
  }

  /** What became of the events that were sent without a key, which are not sent again. */
  private final Map<Long, Integer> statuses = new ConcurrentSkipListMap<>();

  private final AtomicInteger replays = new AtomicInteger();

  /** Workers' connections break wherever they are: in a COPY, before and after a PREPARE. */
  @Test
  void clients_loseNothingWhenWorkersConnectionsBreak() throws Exception {
    execute("CREATE TABLE events (user_id varchar NOT NULL, id int8 CHECK (id % 25 <> 12))");
    execute("CREATE INDEX ON events (user_id)");
    execute("SELECT create_distributed_table('events', 'user_id')");
    int clients = 8;
    int requests = 60;
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    int broken = 0;
    try (RunningService a = start(EVENTS);
        RunningService b = start(EVENTS, "--writers=2")) {
      List<Future<Void>> running = new ArrayList<>();
      for (int client = 0; client < clients; client++) {
        running.add(threads.submit(client(client, requests, List.of(a, b))));
      }
      while (running.stream().anyMatch(each -> !each.isDone())) {
        broken += terminateWorkersConnections();
        TimeUnit.MILLISECONDS.sleep(200);
      }
      for (Future<Void> each : running) {
        each.get();
      }
      // Else the cluster does it by itself, within a minute.
      Eventually.await(() -> a.query("SELECT recover_prepared_transactions()").equals("0"));
      compare(clients, requests);
      assertTrue(replays.get() >= clients * requests / 4, "replays: " + replays);
      assertTrue(broken > 0, "no connection was broken");
    } finally {
      threads.shutdownNow();
    }
  }

  /** Each request has two events; ids are the client's thousands. */
  private Callable<Void> client(int client, int requests, List<RunningService> services) {
    return () -> {
      for (int i = 0; i < requests; i++) {
        long id = client * 1_000L + i;
        String events = event("u" + id, id) + "," + event("v" + id, id) + "," + local(id);
        RunningService service = services.get(i % 2);
        if (i % 2 == 0) {
          HttpResponse<String> answer = service.post(events);
          statuses.put(id, answer.statusCode());
          continue;
        }
        int status = 0;
        for (int attempt = 0; status != 200 && status != 400; attempt++) {
          HttpResponse<String> answer = services.get((i + attempt) % 2).post("k" + id, events);
          status = answer.statusCode();
        }
        assertEquals(isBad(id) ? 400 : 200, status);
        if (!isBad(id)) {
          HttpResponse<String> again = service.post("k" + id, events);
          assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse("no"));
          replays.incrementAndGet();
        }
      }
      return null;
    };
  }

  private static boolean isBad(long id) {
    return id % 25 == 12;
  }

  private int terminateWorkersConnections() throws SQLException {
    return rows(
            """
            SELECT result FROM run_command_on_workers($$
              SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE application_name LIKE 'citus_internal%' AND pid <> pg_backend_pid()
                AND datname = current_database() AND random() < 0.3
            $$)
            """)
        .stream()
        .mapToInt(Integer::parseInt)
        .sum();
  }

  /** Every row is there as often as its request's answers say. */
  private void compare(int clients, int requests) throws SQLException {
    Map<Long, String> stored = new TreeMap<>();
    for (String row :
        rows(
            "SELECT id || ' ' || count(*) || ' ' || count(DISTINCT user_id) || ' '"
                + " || (SELECT count(*) FROM local WHERE local.id = each.id)"
                + " FROM (SELECT * FROM events OFFSET 0) AS each GROUP BY id")) {
      String[] idAndCounts = row.split(" ", 2);
      stored.put(Long.valueOf(idAndCounts[0]), idAndCounts[1]);
    }
    for (int client = 0; client < clients; client++) {
      for (int i = 0; i < requests; i++) {
        long id = client * 1_000L + i;
        String found = stored.getOrDefault(id, "none");
        int status = statuses.getOrDefault(id, isBad(id) ? 400 : 200);
        switch (status) {
          case 200 -> assertEquals("2 2 1", found, "id " + id);
          case 504 -> assertTrue(List.of("none", "2 2 1").contains(found), id + ": " + found);
          default -> {
            assertEquals("none", found, "id " + id + ", " + status);
            assertTrue(status == 503 || (status == 400 && isBad(id)), id + ": " + status);
          }
        }
      }
    }
    assertEquals(
        stored.size(), rows("SELECT id FROM local").size(), "rows of requests that are not stored");
  }

  // Helpers

  private CommandResult run(String schema, String... arguments) throws Exception {
    return run(database.url(), schema, arguments);
  }

  private CommandResult run(String url, String schema, String[] arguments) throws Exception {
    Path file = Files.writeString(directory.resolve("schema.yaml"), schema);
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--schema=" + file, "--db_url=" + url));
    return CommandResult.of(Map.of(), all.toArray(String[]::new));
  }

  private void execute(String statement) throws SQLException {
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute(statement);
    }
  }

  private void executeUnchecked(String statement) {
    try {
      execute(statement);
    } catch (SQLException e) {
      throw new IllegalStateException(statement, e);
    }
  }

  private List<String> rows(String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(query)) {
      while (row.next()) {
        rows.add(row.getString(1));
      }
    }
    return rows;
  }
}
