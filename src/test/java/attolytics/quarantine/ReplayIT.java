package attolytics.quarantine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.PgBouncer;
import attolytics.PgBouncer.Pooling;
import attolytics.Sql;
import attolytics.TestDatabase;
import attolytics.app.CommandResult;
import attolytics.app.JarProcess;
import attolytics.database.QuarantineTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns:
            - {name: n, type: i32}
            - {name: s, type: string, required: true}
            - {name: agent, type: string, header: User-Agent}
        u: {columns: [{name: n, type: i32}]}
      apps:
        a: {secret_key: k, tables: [t, u]}
        b: {secret_key: k, tables: [t]}
      """;

  private static final String CODES =
      "SELECT id || ' ' || code || ' ' || coalesce(pointer, '-') FROM attolytics_quarantine"
          + " ORDER BY id";

  @TempDir private Path directory;
  private TestDatabase database;
  private Connection connection;
  private int files;

  @BeforeEach
  void createTables() throws SQLException {
    database = TestDatabase.create();
    connection = database.connect();
    for (String statement : QuarantineTable.TABLE.creation()) {
      sql(statement);
    }
    sql("CREATE TABLE t (n int4, s varchar NOT NULL, agent varchar)", "CREATE TABLE u (n int4)");
  }

  @AfterEach
  void dropDatabase() throws SQLException {
    connection.close();
    database.close();
  }

  @Test
  void replay_storesWhatIsValidNow_andSaysWhyTheRestIsNot() throws Exception {
    quarantine("a", "t", "{\"_t\":\"t\",\"n\":1,\"s\":\"x\"}", null);
    quarantine("a", "u", "{\"n\":2,\"_t\":\"u\"}", null);
    quarantine("a", "t", "{\"_t\":\"t\",\"n\":3}", null);
    quarantine("a", "t", "{\"_t\":\"t\",\"n\":\"4\",\"s\":\"x\"}", null);
    quarantine("b", "u", "{\"_t\":\"u\",\"n\":5}", null);
    quarantine("gone", "t", "{\"_t\":\"t\",\"s\":\"x\"}", null);
    quarantine("a", null, "{\"n\":7}", null);
    quarantine("a", null, "8", null);
    quarantine("a", null, "{}, {}", null);
    quarantine("a", null, "{\"_t\":", null);

    CommandResult result = replay();

    assertEquals(3, result.exitCode(), result.err());
    assertEquals(
        """
        stored: 2
        duplicates: 0
        left: 8
          missing_field: 1
          not_an_event: 4
          type_mismatch: 1
          unknown_app: 1
          unknown_table: 1
        """,
        result.out());
    assertEquals(List.of("1 x"), rows("SELECT n || ' ' || s FROM t"));
    assertEquals(List.of("2"), rows("SELECT n FROM u"));
    assertEquals(
        List.of(
            "3 missing_field /s",
            "4 type_mismatch /n",
            "5 unknown_table /_t",
            "6 unknown_app -",
            "7 not_an_event /_t",
            "8 not_an_event ",
            "9 not_an_event -",
            "10 not_an_event -"),
        rows(CODES));
    assertEquals(
        List.of("s of table t is required"),
        rows("SELECT detail FROM attolytics_quarantine WHERE id = 3"));
  }

  @Test
  void replay_ofNothing_exits0() throws Exception {
    CommandResult result = replay();
    assertEquals(0, result.exitCode(), result.err());
    assertEquals("stored: 0\nduplicates: 0\nleft: 0\n", result.out());
    sql("DROP TABLE attolytics_quarantine");
    assertEquals(0, replay().exitCode());
    assertEquals(
        List.of("f"), rows("SELECT to_regclass('attolytics_quarantine') IS NOT NULL"), "no start");
  }

  @Test
  void replay_withoutADatabase_isAnError() throws Exception {
    Path none = directory.resolve("none");
    CommandResult result =
        CommandResult.of(Map.of(), "replay", "--schema=" + file(SCHEMA), "--data_dir=" + none);
    assertEquals(1, result.exitCode());
    assertTrue(
        result.err().startsWith("error: no database is configured, and " + none), result::err);
    assertEquals("", result.out());
  }

  @Test
  void replay_fillsHeaderColumns_asOfTheFirstArrival() throws Exception {
    String event = "{\"_t\":\"t\",\"s\":\"x\"}";
    quarantine("a", "t", event, "{\"user-agent\": \"Zoë ☂\", \"other\": [1]}");
    quarantine("a", "t", event, null);
    assertEquals(0, replay().exitCode());
    assertEquals(List.of("Zoë ☂", "null"), rows("SELECT agent FROM t"));
  }

  @Test
  void replay_fillsSources_asOfTheFirstArrival() throws Exception {
    sql("CREATE TABLE v (at timestamptz, ip inet)");
    quarantine("a", "v", "{\"_t\":\"v\"}", "{\":client_ip\": \"2001:db8::1\"}");
    sql("UPDATE attolytics_quarantine SET received_at = '2026-01-02 03:04:05.000006Z'");
    String schema =
        "tables: {v: {columns: [{name: at, type: timestamp, source: received_at},"
            + " {name: ip, type: inet, source: client_ip}]}}\n"
            + "apps: {a: {secret_key: s, tables: [v]}}\n";

    assertEquals(0, replayAt(schema, database.url()).exitCode());

    assertEquals(
        List.of("2001:db8::1 t"),
        rows("SELECT host(ip) || ' ' || (at = '2026-01-02 03:04:05.000006Z')::bool FROM v").stream()
            .map(row -> row.replace("true", "t"))
            .toList());
  }

  /** Also where the rows are written one by one, because of another one that is refused. */
  @Test
  void replay_takesOutDuplicates_andCountsThem() throws Exception {
    sql("CREATE TABLE v (id int8 PRIMARY KEY CHECK (id <> 13))", "INSERT INTO v VALUES (1)");
    String schema =
        "tables: {v: {columns: [{name: id, type: i64, required: true}], deduplicate_by: id}}\n"
            + "apps: {a: {secret_key: s, tables: [v]}}\n";
    String url = database.url();
    for (int id : new int[] {1, 2, 2, 3}) {
      quarantine("a", "v", "{\"_t\":\"v\",\"id\":" + id + "}", null);
    }

    assertEquals(
        "would be stored: 2\nwould be duplicates: 2\nwould be left: 0\n",
        replayAt(schema, url, "--dry_run").out());
    assertEquals("stored: 2\nduplicates: 2\nleft: 0\n", replayAt(schema, url).out());

    for (int id : new int[] {13, 3, 4}) {
      quarantine("a", "v", "{\"_t\":\"v\",\"id\":" + id + "}", null);
    }
    assertEquals(
        "stored: 1\nduplicates: 1\nleft: 1\n  refused_by_database: 1\n",
        replayAt(schema, url).out());
    assertEquals(List.of("1", "2", "3", "4"), rows("SELECT id FROM v ORDER BY id"));
  }

  /** The same event fits by another schema file. */
  @Test
  void replay_goesByTheSchemaFileOfNow() throws Exception {
    quarantine("a", "u", "{\"_t\":\"u\",\"n\":1,\"extra\":true}", null);
    assertEquals(3, replay().exitCode());
    assertEquals(List.of("1 unknown_field /extra"), rows(CODES));
    String corrected =
        SCHEMA.replace(
            "[{name: n, type: i32}]", "[{name: n, type: i32}, {name: extra, type: bool}]");

    CommandResult refused = replayAt(corrected, database.url());
    assertEquals(1, refused.exitCode());
    assertTrue(refused.err().contains("column \"extra\" does not exist"), refused.err());
    assertEquals(List.of("1 unknown_field /extra"), rows(CODES), "as a start would be refused");

    sql("ALTER TABLE u ADD extra bool");
    assertEquals(0, replayAt(corrected, database.url()).exitCode());
    assertEquals(List.of("1 true"), rows("SELECT n || ' ' || extra FROM u"));
  }

  @Test
  void replay_ofSome_leavesTheOthers() throws Exception {
    String event = "{\"_t\":\"t\",\"s\":\"x\"}";
    quarantine("a", "t", event, null);
    quarantine("b", "t", event, null);
    quarantine("a", "t", event, null);
    quarantine("a", "u", "{\"_t\":\"u\"}", null);
    sql(
        "UPDATE attolytics_quarantine SET code = 'too_long' WHERE id = 3",
        "UPDATE attolytics_quarantine SET received_at = now() - interval '3 h' WHERE id <> 4");

    assertEquals("stored: 1\nduplicates: 0\nleft: 0\n", replay("--app", "b").out());
    assertEquals("stored: 1\nduplicates: 0\nleft: 0\n", replay("--code=too_long").out());
    assertEquals("stored: 1\nduplicates: 0\nleft: 0\n", replay("--since=2h").out());
    assertEquals(List.of("1 bad -"), rows(CODES));
    assertEquals("stored: 0\nduplicates: 0\nleft: 0\n", replay("--table", "u").out());
    assertEquals(
        "stored: 1\nduplicates: 0\nleft: 0\n", replay("--table", "t", "--since", "4h").out());
  }

  /** A selection by code takes an event only once, whatever its code becomes. */
  @Test
  void replay_ofACodeThatChanges_ends() throws Exception {
    quarantine("a", "t", "{\"_t\":\"t\"}", null);
    assertEquals(
        "stored: 0\nduplicates: 0\nleft: 1\n  missing_field: 1\n", replay("--code=bad").out());
    assertEquals(List.of("1 missing_field /s"), rows(CODES));
  }

  @Test
  void dryRun_saysWhatWouldBe_andChangesNothing() throws Exception {
    sql("ALTER TABLE u ADD CHECK (n <> 3)");
    quarantine("a", "u", "{\"_t\":\"u\",\"n\":1}", null);
    quarantine("a", "u", "{\"_t\":\"u\",\"n\":\"2\"}", null);
    quarantine("a", "u", "{\"_t\":\"u\",\"n\":3}", null);

    CommandResult result = replay("--dry_run");

    assertEquals(3, result.exitCode(), result.err());
    assertEquals(
        "would be stored: 1\nwould be duplicates: 0\nwould be left: 2\n  refused_by_database: 1\n  type_mismatch: 1\n",
        result.out());
    assertEquals(List.of(), rows("SELECT n FROM u"));
    assertEquals(List.of("1 bad -", "2 bad -", "3 bad -"), rows(CODES));
    sql("DELETE FROM attolytics_quarantine WHERE id > 1");
    assertEquals(0, replay("--dry-run").exitCode());
  }

  @Test
  void replay_findsWhatTheDatabaseRefuses_rowByRow() throws Exception {
    sql(
        "ALTER TABLE u ADD CHECK (n <> 3), ADD CONSTRAINT u_pkey UNIQUE (n)",
        "INSERT INTO u VALUES (5)");
    for (int n = 1; n <= 6; n++) {
      quarantine("a", "u", "{\"_t\":\"u\",\"n\":" + n + "}", null);
    }
    quarantine("a", "t", "{\"_t\":\"t\",\"s\":\"x\"}", null);

    CommandResult result = replay();

    assertEquals(3, result.exitCode(), result.err());
    assertEquals(
        "stored: 5\nduplicates: 0\nleft: 2\n  conflict: 1\n  refused_by_database: 1\n",
        result.out());
    assertEquals(List.of("1", "2", "4", "5", "6"), rows("SELECT n FROM u ORDER BY n"));
    assertEquals(List.of("3 refused_by_database -", "5 conflict -"), rows(CODES));
    assertTrue(
        rows("SELECT detail FROM attolytics_quarantine WHERE id = 5").get(0).contains("u_pkey"));
  }

  /** What only fails at the COMMIT is found as well. */
  @Test
  void replay_deferredConstraint_refusesItsRowOnly() throws Exception {
    sql(
        "CREATE TABLE known (n int4 PRIMARY KEY)",
        "INSERT INTO known VALUES (1), (3)",
        "ALTER TABLE u ADD FOREIGN KEY (n) REFERENCES known DEFERRABLE INITIALLY DEFERRED");
    for (int n = 1; n <= 3; n++) {
      quarantine("a", "u", "{\"_t\":\"u\",\"n\":" + n + "}", null);
    }
    assertEquals("stored: 2\nduplicates: 0\nleft: 1\n  refused_by_database: 1\n", replay().out());
    assertEquals(List.of("1", "3"), rows("SELECT n FROM u ORDER BY n"));
  }

  /** An error that says nothing of the row, whatever raises it, ends no replay of the others. */
  @Test
  void replay_rowWithATransientError_isLeftAsItIs() throws Exception {
    sql(
        """
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF new.n = 2 THEN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END IF;
            RETURN new;
          END $$
        """,
        "CREATE TRIGGER fail BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION fail()");
    for (int n = 1; n <= 3; n++) {
      quarantine("a", "u", "{\"_t\":\"u\",\"n\":" + n + "}", null);
    }
    CommandResult result = replay();
    assertEquals("stored: 2\nduplicates: 0\nleft: 1\n  bad: 1\n", result.out(), result.err());
    assertEquals(List.of("2 bad -"), rows(CODES));
  }

  /** As between a correction of the schema file and the start that creates the table. */
  @Test
  void replay_beforeATableIsThere_changesNoEvent() throws Exception {
    String schema =
        SCHEMA
            .replace("  u: {columns", "  clicks: {columns: [{name: n, type: i32}]}\n  u: {columns")
            .replace("[t, u]", "[t, u, clicks]");
    quarantine("a", "clicks", "{\"_t\":\"clicks\",\"n\":1}", null);
    quarantine("a", "u", "{\"_t\":\"u\",\"n\":2}", null);

    for (String app : List.of("--app=a", "--table=clicks")) {
      CommandResult result = replayAt(schema, database.url(), app);
      assertEquals(1, result.exitCode(), result.out());
      assertTrue(
          result.err().contains("table \"clicks\" does not exist; a start, a reload or"),
          result.err());
    }
    assertEquals(List.of("1 bad -", "2 bad -"), rows(CODES));
    assertEquals(0, replayAt(schema, database.url(), "--table=u").exitCode());
    sql("CREATE TABLE clicks (n int4)");
    assertEquals(0, replayAt(schema, database.url()).exitCode());
  }

  /** A reason of the table's, not of the event's. */
  @Test
  void replay_withoutAPartition_leavesTheEventAsItIs() throws Exception {
    sql("CREATE TABLE p (at timestamptz NOT NULL, n int4) PARTITION BY RANGE (at)");
    String schema =
        "tables: {p: {columns: [{name: at, type: timestamp, required: true}],"
            + " partition_by: {column: at, interval: day}}, u: {columns: [{name: n, type: i32}]}}\n"
            + "apps: {a: {secret_key: s, tables: [p, u]}}\n";
    quarantine("a", "p", "{\"_t\":\"p\",\"at\":\"" + Instant.now() + "\"}", null);
    quarantine("a", "u", "{\"_t\":\"u\",\"n\":2}", null);
    CommandResult result = replayAt(schema, database.url());
    assertEquals("stored: 1\nduplicates: 0\nleft: 1\n  bad: 1\n", result.out(), result.err());
    assertEquals(List.of("1 bad -"), rows(CODES));
  }

  @Test
  void replay_ofATableThatTakesNothing_endsAndChangesNoEvent() throws Exception {
    fill(25);
    sql(
        """
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN RAISE EXCEPTION 'of the test' USING ERRCODE = '42501'; END $$
        """,
        "CREATE TRIGGER fail BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION fail()");
    CommandResult result = replay();
    assertEquals(1, result.exitCode(), result.out());
    assertTrue(result.err().contains("error: table u takes no events"), result.err());
    assertEquals(
        List.of("bad 25"),
        rows("SELECT code || ' ' || count(*) FROM attolytics_quarantine GROUP BY code"));
  }

  @Test
  void replay_inManySteps_storesEachEventOnce() throws Exception {
    fill(2_345);
    quarantine("a", "u", "{\"_t\":\"u\",\"n\":\"" + "x".repeat(5 << 20) + "\"}", null);
    quarantine("a", "u", "{\"_t\":\"u\",\"n\":0}", null);
    assertEquals("stored: 2346\nduplicates: 0\nleft: 1\n  type_mismatch: 1\n", replay().out());
    assertEquals(
        List.of("2346 2346 0 2345"),
        rows(
            "SELECT count(*) || ' ' || count(DISTINCT n) || ' ' || min(n) || ' ' || max(n) FROM u"));
  }

  @Test
  void twoReplays_shareTheWork() throws Exception {
    fill(5_000);
    sql("ALTER TABLE u ADD CHECK (n % 100 <> 0)");
    List<CompletableFuture<CommandResult>> replays =
        Stream.of(1, 2).map(i -> CompletableFuture.supplyAsync(() -> replayUnchecked())).toList();
    long stored = 0;
    for (CompletableFuture<CommandResult> replay : replays) {
      CommandResult result = replay.get();
      assertEquals(3, result.exitCode(), result.err());
      stored += Long.parseLong(result.out().lines().findFirst().orElseThrow().substring(8));
    }
    assertEquals(4_950, stored);
    assertEquals(List.of("4950 4950"), rows("SELECT count(*) || ' ' || count(DISTINCT n) FROM u"));
    assertEquals(
        List.of("refused_by_database 50"),
        rows("SELECT code || ' ' || count(*) FROM attolytics_quarantine GROUP BY code"));
  }

  /** What another one has locked, and gives up, is not forgotten. */
  @Test
  void replay_waitsForWhatAnotherTransactionHasLocked() throws Exception {
    fill(10);
    try (Connection other = database.connect();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("SELECT FROM attolytics_quarantine WHERE id IN (3, 4) FOR UPDATE");
      CompletableFuture<CommandResult> replay =
          CompletableFuture.supplyAsync(() -> replayUnchecked());
      Eventually.await(() -> rows("SELECT count(*) FROM u").equals(List.of("8")));
      assertTrue(!replay.isDone());
      lock.execute("DELETE FROM attolytics_quarantine WHERE id = 4");
      other.commit();
      CommandResult result = replay.get();
      assertEquals("stored: 9\nduplicates: 0\nleft: 0\n", result.out(), result.err());
    }
  }

  @Test
  void replay_whoseConnectionIsLost_goesOn() throws Exception {
    fill(1_000);
    sql(
        """
        CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF new.n = 700 THEN
              PERFORM pg_terminate_backend(pg_backend_pid());
            END IF;
            RETURN new;
          END $$
        """,
        "CREATE TRIGGER cut BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION cut()");
    CompletableFuture<CommandResult> replay =
        CompletableFuture.supplyAsync(() -> replayUnchecked());
    Eventually.await(() -> rows("SELECT count(*) FROM u").equals(List.of("500")));
    sql("DROP TRIGGER cut ON u");
    assertEquals("stored: 1000\nduplicates: 0\nleft: 0\n", replay.get().out());
    assertEquals(List.of("1000"), rows("SELECT count(DISTINCT n) FROM u"));
  }

  @Test
  void replay_behindAPoolerInTransactionMode() throws Exception {
    fill(1_200);
    sql("ALTER TABLE u ADD CHECK (n <> 600)");
    try (PgBouncer pooler = PgBouncer.start(database, Pooling.TRANSACTION, 1)) {
      CommandResult result = replayAt(SCHEMA, pooler.url(database.name()));
      assertEquals(
          "stored: 1199\nduplicates: 0\nleft: 1\n  refused_by_database: 1\n",
          result.out(),
          result.err());
    }
  }

  // From the jar

  @Test
  void jar_killedInTheMiddle_isContinuedByTheNext() throws Exception {
    fill(3_000);
    sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$"
            + " BEGIN PERFORM pg_sleep(0.002); RETURN new; END $$",
        "CREATE TRIGGER slow BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION slow()");
    try (JarProcess first = jar()) {
      Eventually.await(() -> !rows("SELECT count(*) FROM u").equals(List.of("0")));
      first.kill();
    }
    String rest = rows("SELECT count(*) FROM attolytics_quarantine").get(0);
    assertTrue(Long.parseLong(rest) > 0, "killed in the middle");
    sql("DROP TRIGGER slow ON u");
    try (JarProcess second = jar()) {
      assertEquals(0, second.exitCode(), second.err());
      assertTrue(second.out().startsWith("stored: "), second.out());
      assertTrue(second.out().endsWith("left: 0\n"), second.out());
      assertTrue(second.err().contains("replay, events selected: "), second.err());
    }
    assertEquals(List.of("3000 3000"), rows("SELECT count(*) || ' ' || count(DISTINCT n) FROM u"));
    assertEquals(List.of("0"), rows("SELECT count(*) FROM attolytics_quarantine"));
  }

  @Test
  void jar_withASmallHeap_replaysLargeEvents() throws Exception {
    sql(
        "INSERT INTO attolytics_quarantine (received_at, app, table_name, code, event)"
            + " SELECT now(), 'a', 't', 'bad',"
            + " format('{\"_t\":\"t\",\"n\":%s,\"s\":\"%s\"}', n, repeat('x', 1000000))"
            + " FROM generate_series(1, 120) n");
    try (JarProcess jar = jar("-Xmx64m")) {
      assertEquals(0, jar.exitCode(), jar.err());
    }
    assertEquals(
        List.of("120 120000000"), rows("SELECT count(DISTINCT n) || ' ' || sum(length(s)) FROM t"));
  }

  /** What it remembers of them does not grow with their number. */
  @Test
  void jar_withASmallHeap_triesManyEvents() throws Exception {
    sql(
        "INSERT INTO attolytics_quarantine (received_at, app, table_name, code, event)"
            + " SELECT now(), 'gone', 'u', 'unknown_app', '{}' FROM generate_series(1, 400000)");
    try (JarProcess jar = jar("-Xmx24m")) {
      assertEquals(3, jar.exitCode(), jar.err());
      assertTrue(jar.out().contains("left: 400000\n"), jar.out());
    }
  }

  private JarProcess jar(String... javaOptions) throws Exception {
    return JarProcess.start(
        Map.of(
            "ATTOLYTICS_DB_URL", database.url(), "JDK_JAVA_OPTIONS", String.join(" ", javaOptions)),
        "replay",
        "--schema=" + file(SCHEMA));
  }

  private CommandResult replay(String... options) throws Exception {
    return replayAt(SCHEMA, database.url(), options);
  }

  private CommandResult replayUnchecked() {
    try {
      return replay();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private CommandResult replayAt(String schema, String url, String... options) throws Exception {
    List<String> args =
        new ArrayList<>(List.of("replay", "--schema=" + file(schema), "--db_url=" + url));
    args.addAll(List.of(options));
    return CommandResult.of(Map.of(), args.toArray(String[]::new));
  }

  private synchronized Path file(String schema) throws Exception {
    return Files.writeString(directory.resolve("schema" + files++ + ".yaml"), schema);
  }

  private void fill(int events) throws SQLException {
    sql(
        "INSERT INTO attolytics_quarantine (received_at, app, table_name, code, event)"
            + " SELECT now(), 'a', 'u', 'bad', format('{\"_t\":\"u\",\"n\":%s}', n)"
            + " FROM generate_series(1, "
            + events
            + ") n");
  }

  private void quarantine(
      String app, @Nullable String table, String event, @Nullable String headers)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO attolytics_quarantine"
                + " (received_at, app, table_name, code, event, headers)"
                + " VALUES (now(), ?, ?, 'bad', ?, ?::jsonb)")) {
      insert.setString(1, app);
      insert.setString(2, table);
      insert.setString(3, event);
      insert.setString(4, headers);
      insert.execute();
    }
  }

  private void sql(String... statements) throws SQLException {
    Sql.execute(connection, statements);
  }

  private List<String> rows(String select) throws SQLException {
    return Sql.rows(connection, select);
  }
}
