package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.PgBouncer;
import attolytics.PgBouncer.Pooling;
import attolytics.TestDatabase;
import attolytics.app.CommandResult;
import attolytics.app.JarProcess;
import attolytics.app.RunningService;
import attolytics.settings.StartException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code deduplicate_by}, from the service: a row stands once, and its request gets 200. */
@Timeout(180)
class DeduplicateIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns: [{name: id, type: i64, required: true}, {name: s}]
          deduplicate_by: id
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  private static final String PARTITIONED =
      """
      tables:
        t:
          columns:
            - {name: time, type: timestamp, required: true}
            - {name: id, type: i64, required: true}
            - {name: s}
          partition_by: {column: time, interval: day}
          deduplicate_by: [id, time]
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  private static final String DUPLICATES = "attolytics_duplicate_events_total{table=\"t\"}";
  private static final String COMMITTED = "attolytics_events_committed_total{table=\"t\"}";
  private static final String ROWS =
      "SELECT string_agg(id || coalesce(s, ''), ' ' ORDER BY id) FROM t";
  private static final String EACH_ONCE = "SELECT count(*) || '/' || count(DISTINCT id) FROM t";

  @TempDir Path directory;

  private static String event(long id) {
    return "{\"_t\":\"t\",\"id\":" + id + "}";
  }

  private static String event(long id, String s) {
    return "{\"_t\":\"t\",\"id\":" + id + ",\"s\":\"" + s + "\"}";
  }

  private static String event(Instant time, long id) {
    return "{\"_t\":\"t\",\"time\":\"" + time + "\",\"id\":" + id + "}";
  }

  private static String events(List<Integer> ids) {
    return ids.stream().map(DeduplicateIT::event).collect(Collectors.joining(","));
  }

  private static void assertStored(HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
  }

  @Test
  void repeats_inABodyAndInLaterOnes_areLeftOutAndCounted() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      assertEquals(0, service.metric(DUPLICATES));
      assertTrue(service.admin("/metrics").contains(DUPLICATES + " 0"));

      assertStored(service.post(event(1, "first") + "," + event(2) + "," + event(1, "second")));
      assertStored(service.post(event(2, "late") + "," + event(3)));
      assertStored(service.post(event(1) + "," + event(2)));

      assertEquals("1first 2 3", service.query(ROWS));
      assertEquals(4, service.metric(DUPLICATES));
      assertEquals(3, service.metric(COMMITTED));
    }
  }

  /** A table whose rows have repeated takes the second way at once, and a COPY is tried again. */
  @Test
  void repeats_oneFlushAfterTheOther_areAllLeftOut() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      for (int id = 0; id < 40; id++) {
        assertStored(service.post(event(id) + "," + event(Math.max(0, id - 1), "again")));
        assertStored(service.post(event(1_000 + id)));
      }
      assertEquals("80/80", service.query(EACH_ONCE));
      assertEquals(40, service.metric(DUPLICATES));
      assertEquals(
          0, service.metric("attolytics_flush_errors_total{sqlstate_class=\"23\"}"), "no attempt");
    }
  }

  @Test
  void randomBodies_toTwoInstancesWithTwoWriters_eachRowStandsOnce() throws Exception {
    int ids = 3_000;
    try (TestDatabase database = TestDatabase.create();
        RunningService one = RunningService.start(database, SCHEMA, "--writers=2");
        RunningService two = RunningService.start(database, SCHEMA, "--writers=2")) {
      postShuffled(List.of(one, two), ids);
      assertEquals(ids + "/" + ids, one.query(EACH_ONCE));
      assertEquals(ids, one.metric(COMMITTED) + two.metric(COMMITTED));
      assertEquals(2 * ids, one.metric(DUPLICATES) + two.metric(DUPLICATES));
    }
  }

  @Test
  void throughPgBouncer_inTransactionMode_eachRowStandsOnce() throws Exception {
    int ids = 2_000;
    try (TestDatabase database = TestDatabase.create();
        PgBouncer pooler = PgBouncer.start(database, Pooling.TRANSACTION, 3);
        RunningService one = startAt(pooler, database);
        RunningService two = startAt(pooler, database)) {
      postShuffled(List.of(one, two), ids);
      assertEquals(ids + "/" + ids, one.query(EACH_ONCE));
      try (Connection session = pooler.connect(database.name());
          Statement sql = session.createStatement()) {
        sql.execute("CREATE TEMPORARY TABLE attolytics_rows_0 ()"); // its name is free
      }
    }
  }

  private static RunningService startAt(PgBouncer pooler, TestDatabase database) throws Exception {
    return RunningService.startAt(
        pooler.url(database.name()), database, SCHEMA, "--writers=2", "--migrate");
  }

  /** Each event three times, in bodies of 50, in any order. */
  private static void postShuffled(List<RunningService> services, int ids) throws Exception {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      all.addAll(IntStream.range(0, ids).boxed().toList());
    }
    Collections.shuffle(all, new Random(7));
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int from = 0; from < all.size(); from += 50) {
      RunningService service = services.get(from / 50 % services.size());
      answers.add(service.postAsync(events(all.subList(from, from + 50))));
    }
    for (CompletableFuture<HttpResponse<String>> answer : answers) {
      assertStored(answer.get());
    }
  }

  @Test
  void rowOfAnOpenTransaction_isWaitedFor() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "");
        Connection other = service.database().connect();
        Statement sql = other.createStatement()) {
      other.setAutoCommit(false);
      for (String end : List.of("COMMIT", "ROLLBACK")) {
        sql.execute("DELETE FROM t");
        other.commit();
        sql.execute("INSERT INTO t VALUES (5, 'other')");
        CompletableFuture<HttpResponse<String>> answer =
            service.postAsync(event(4) + "," + event(5, "own"));
        Eventually.await(
            "the service waits for the row",
            () ->
                "1"
                    .equals(
                        service.query(
                            "SELECT count(*) FROM pg_locks"
                                + " WHERE NOT granted AND locktype = 'transactionid'")));
        sql.execute(end);
        assertStored(answer.get());
        assertEquals(
            end.equals("COMMIT") ? "4 5other" : "4 5own", service.query(ROWS), "after " + end);
      }
    }
  }

  @Test
  void idempotencyKey_isReplayed_andRowsOfOtherKeysAreLeftOut() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      assertStored(service.post("k", event(1) + "," + event(2)));
      HttpResponse<String> again = service.post("k", event(1) + "," + event(2));
      assertStored(again);
      assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
      assertEquals(0, service.metric(DUPLICATES));

      assertStored(service.post("k2", event(2) + "," + event(3)));
      assertEquals("3/3", service.query(EACH_ONCE));
      assertEquals(1, service.metric(DUPLICATES));
    }
  }

  @Test
  void lenientAnswer_countsWhatIsLeftOut_andARepeatGetsTheSame() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      assertStored(service.post(event(1)));
      String events = event(1) + "," + event(2) + ",{\"_t\":\"t\",\"id\":\"no\"}," + event(2);
      for (String replayed : List.of("", "true")) {
        HttpResponse<String> answer =
            service.send(
                service
                    .to("/apps/a/events")
                    .header("Content-Type", "application/json")
                    .header("Prefer", "handling=lenient")
                    .header("Idempotency-Key", "k")
                    .POST(
                        HttpRequest.BodyPublishers.ofString(
                            "{\"secret_key\":\"sesame\",\"events\":[" + events + "]}")));
        assertStored(answer);
        assertEquals(replayed, answer.headers().firstValue("Idempotency-Replayed").orElse(""));
        assertTrue(
            answer.body().startsWith("{\"stored\":1,\"duplicates\":2,\"quarantined\":1,"),
            answer.body());
      }
      assertEquals("1 2", service.query(ROWS));
    }
  }

  @Test
  void partitionedTable_leavesRepeatsOut() throws Exception {
    Instant now = Instant.now();
    Instant before = now.minusSeconds(86_400);
    try (RunningService service = RunningService.start(PARTITIONED, "")) {
      assertStored(service.post(event(now, 1) + "," + event(before, 1) + "," + event(now, 1)));
      assertStored(service.post(event(before, 1) + "," + event(now, 2)));
      assertEquals("3", service.query("SELECT count(*) FROM t"));
      assertEquals(2, service.metric(DUPLICATES));
    }
  }

  @Test
  void otherUniqueConstraint_isAConflict_ofTheOneRequest() throws Exception {
    String setup = "CREATE TABLE t (id INT8 UNIQUE NOT NULL, s VARCHAR UNIQUE)";
    try (RunningService service = RunningService.start(SCHEMA, setup)) {
      assertStored(service.post(event(1, "x") + "," + event(1, "x")));

      HttpResponse<String> refused =
          service.post(event(2, "y") + "," + event(1, "z") + "," + event(3, "x"));
      assertEquals(409, refused.statusCode());
      assertTrue(refused.body().contains("\"pointer\":\"/events/2\""), refused.body());
      assertTrue(refused.body().contains("t_s_key"), refused.body());

      assertStored(service.post(event(1, "x") + "," + event(4, "w")));
      assertEquals("1x 4w", service.query(ROWS));
      assertEquals(2, service.metric(DUPLICATES));
    }
  }

  @Test
  void existingTableWithoutIndex_isRefused_andMigrateBuildsIt() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      execute(database, "CREATE TABLE t (id INT8 NOT NULL, s VARCHAR)");
      execute(database, "CREATE UNIQUE INDEX ON t (id) WHERE s IS NULL");
      execute(database, "CREATE UNIQUE INDEX ON t (id, s)");
      execute(database, "CREATE UNIQUE INDEX ON t ((id || s))");
      execute(database, "INSERT INTO t VALUES (1, 'x'), (1, 'y')");
      String expected =
          "table \"t\" has no valid unique index on exactly \"id\", which deduplicate_by needs;"
              + " CREATE UNIQUE INDEX CONCURRENTLY ON \"t\" (\"id\"), which fails if rows have the"
              + " same values";
      StartException refused =
          assertThrows(StartException.class, () -> RunningService.start(database, SCHEMA));
      assertTrue(String.valueOf(refused.getMessage()).contains(expected), refused.getMessage());

      CommandResult failed = migrate(database, SCHEMA);
      assertEquals(1, failed.exitCode(), failed.out());
      assertTrue(failed.err().contains("could not create unique index"), failed.err());
      assertEquals(0, invalidIndexes(database));

      execute(database, "DELETE FROM t WHERE s = 'y'");
      CommandResult done = migrate(database, SCHEMA);
      assertEquals(0, done.exitCode(), done.err());
      try (RunningService service = RunningService.start(database, SCHEMA)) {
        assertStored(service.post(event(1, "z") + "," + event(2)));
        assertEquals("1x 2", service.query(ROWS));
      }
    }
  }

  @Test
  void existingPartitionedTable_getsItsIndexPartitionByPartition() throws Exception {
    String plain = PARTITIONED.replaceAll(" *deduplicate_by.*\n", "");
    Instant now = Instant.now();
    try (TestDatabase database = TestDatabase.create();
        RunningService before = RunningService.start(database, plain)) {
      assertStored(before.post(event(now, 1)));
      StartException refused =
          assertThrows(StartException.class, () -> RunningService.start(database, PARTITIONED));
      assertTrue(
          String.valueOf(refused.getMessage())
              .contains("; CREATE UNIQUE INDEX ON \"t\" (\"id\", \"time\"), which fails"),
          refused.getMessage());

      CommandResult done = migrate(database, PARTITIONED);
      assertEquals(0, done.exitCode(), done.err());
      assertTrue(
          before
              .query(
                  "SELECT bool_and(indisvalid AND indisunique) FROM pg_index"
                      + " JOIN pg_partition_tree('t') ON relid = indrelid")
              .equals("t"));
      try (RunningService service = RunningService.start(database, PARTITIONED)) {
        assertStored(service.post(event(now, 1) + "," + event(now, 2)));
        assertEquals("2", service.query("SELECT count(*) FROM t"));
      }
    }
  }

  @Test
  void columnsInAnotherOrderOfTheIndex_areFound() throws Exception {
    String schema =
        SCHEMA.replace("{name: s}", "{name: s, required: true}").replace("by: id", "by: [id, s]");
    String setup =
        "CREATE TABLE t (id INT8 NOT NULL, s VARCHAR NOT NULL, extra INT4 DEFAULT 1);"
            + "CREATE UNIQUE INDEX ON t (s, id) INCLUDE (extra)";
    try (RunningService service = RunningService.start(schema, setup)) {
      assertStored(service.post(event(1, "x") + "," + event(1, "y") + "," + event(1, "x")));
      assertEquals("1x 1y", service.query(ROWS));
    }
  }

  @Test
  void userWhoMayNotRead_isRefusedWithTheGrant() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      database.assumeSuperuser("create a role");
      String user = database.name() + "_writer";
      execute(database, "CREATE TABLE t (id INT8 UNIQUE NOT NULL, s VARCHAR)");
      execute(database, "CREATE ROLE " + user + " LOGIN PASSWORD 'p'");
      try {
        execute(database, "GRANT INSERT ON t TO " + user);
        String url = database.url().replaceFirst("//[^@]*@", "//" + user + ":p@");
        StartException refused =
            assertThrows(StartException.class, () -> RunningService.startAt(url, database, SCHEMA));
        assertTrue(
            String.valueOf(refused.getMessage())
                .contains("GRANT SELECT (\"id\") ON \"t\" TO " + user),
            refused.getMessage());
      } finally {
        execute(database, "DROP OWNED BY " + user + "; DROP ROLE " + user);
      }
    }
  }

  @Test
  void reload_addsDeduplication() throws Exception {
    String plain = SCHEMA.replaceAll(" *deduplicate_by.*\n", "");
    try (RunningService service =
        RunningService.start(plain, "CREATE TABLE t (id INT8 UNIQUE NOT NULL, s VARCHAR)")) {
      assertStored(service.post(event(1)));
      assertEquals(409, service.post(event(1)).statusCode());
      service.reload(SCHEMA);
      assertStored(service.post(event(1) + "," + event(2)));
      assertEquals("1 2", service.query(ROWS));
    }
  }

  @Test
  void killedInstance_resentBodies_standOnce() throws Exception {
    int bodies = 200;
    Path schema = directory.resolve("schema.yaml");
    Files.writeString(schema, SCHEMA);
    try (TestDatabase database = TestDatabase.create();
        JarProcess first = start(database, schema)) {
      HttpClient client = HttpClient.newHttpClient();
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      int port = first.port();
      for (int body = 0; body < bodies; body++) {
        answers.add(client.sendAsync(request(port, body), HttpResponse.BodyHandlers.ofString()));
      }
      assertStored(answers.get(0).get());
      first.kill();
      int stored = 0;
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        stored += wasStored(answer) ? 1 : 0;
      }
      try (JarProcess second = start(database, schema)) {
        for (int body = 0; body < bodies; body++) {
          assertStored(
              client.send(request(second.port(), body), HttpResponse.BodyHandlers.ofString()));
        }
        assertTrue(stored > 0);
        try (Connection connection = database.connect();
            Statement sql = connection.createStatement();
            var row = sql.executeQuery(EACH_ONCE)) {
          row.next();
          assertEquals(20 * bodies + "/" + 20 * bodies, row.getString(1));
        }
      }
    }
  }

  private static boolean wasStored(CompletableFuture<HttpResponse<String>> answer)
      throws InterruptedException {
    try {
      return answer.get().statusCode() == 200;
    } catch (ExecutionException e) {
      return false; // the connection broke
    }
  }

  private static JarProcess start(TestDatabase database, Path schema) throws IOException {
    return JarProcess.start(
        Map.of("ATTOLYTICS_DB_URL", database.url()),
        "--schema=" + schema,
        "--port=0",
        "--admin_port=0",
        "--writers=2");
  }

  private static HttpRequest request(int port, int body) {
    List<Integer> ids = IntStream.range(20 * body, 20 * body + 20).boxed().toList();
    return HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/apps/a/events"))
        .header("Content-Type", "application/json")
        .POST(
            HttpRequest.BodyPublishers.ofString(
                "{\"secret_key\":\"sesame\",\"events\":[" + events(ids) + "]}"))
        .build();
  }

  private CommandResult migrate(TestDatabase database, String schema) throws Exception {
    Path file = directory.resolve("schema.yaml");
    Files.writeString(file, schema);
    return CommandResult.of(
        Map.of(), "migrate", "--apply", "--schema=" + file, "--db_url=" + database.url());
  }

  private static int invalidIndexes(TestDatabase database) throws Exception {
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement();
        var row = sql.executeQuery("SELECT count(*) FROM pg_index WHERE NOT indisvalid")) {
      row.next();
      return row.getInt(1);
    }
  }

  private static void execute(TestDatabase database, String statement) throws Exception {
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute(statement);
    }
  }
}
