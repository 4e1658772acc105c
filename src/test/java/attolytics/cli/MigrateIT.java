package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import attolytics.app.CommandResult;
import attolytics.database.AdvisoryLock;
import attolytics.database.migration.Migrator;
import attolytics.database.migration.Migrator.LockWait;
import attolytics.schema.Schema;
import attolytics.schema.yaml.SchemaFile;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

/** {@code attolytics migrate}, and {@code --migrate} at a start. */
@Timeout(120)
class MigrateIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns:
            - {name: time, type: timestamp, indexed: brin}
            - {name: kind, indexed: true, required: true}
            - {name: n, type: i64}
            - {name: f, type: f64}
            - {name: optional}
            - {name: data, type: json, indexed: true}
        fresh:
          columns: [{name: x, indexed: true}]
      apps: {a: {secret_key: sesame, tables: [t, fresh]}}
      """;

  /** Lacks a column that is indexed and one that is required, among other things. */
  private static final String OLD_TABLE =
      "CREATE TABLE t (time timestamptz, n int4, f float4, optional text NOT NULL, gone text NOT"
          + " NULL, kept text); INSERT INTO t VALUES (now(), 7, 0.5, 'o', 'g', 'k')";

  /** Far more than anything here takes, and less than a hang. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final LockWait SHORT =
      new LockWait(Duration.ofMillis(50), Duration.ofMillis(50), 3, Duration.ofMillis(200));
  private static final LockWait LONG =
      new LockWait(Duration.ofMillis(50), Duration.ofMillis(50), 1_000, Duration.ofMinutes(5));

  @TempDir Path directory;

  private TestDatabase database;

  @BeforeEach
  void createDatabase() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterEach
  void dropDatabase() throws SQLException {
    database.close();
  }

  // The command

  @Test
  void migrate_printsSqlAndChangesNothing_andThatSqlLeavesNothingToDo() throws Exception {
    sql(OLD_TABLE);
    List<String> before = columns();

    CommandResult told = migrate(SCHEMA);

    assertEquals(3, told.exitCode(), told.err());
    assertEquals(
        List.of(
            "CREATE TABLE \"fresh\" (\"x\" VARCHAR);",
            "CREATE INDEX ON \"fresh\" (\"x\");",
            "ALTER TABLE \"t\" ADD COLUMN \"kind\" VARCHAR;",
            "ALTER TABLE \"t\" ALTER COLUMN \"optional\" DROP NOT NULL;",
            "ALTER TABLE \"t\" ADD COLUMN \"data\" JSONB;",
            "ALTER TABLE \"t\" ALTER COLUMN \"gone\" DROP NOT NULL;",
            "ALTER TABLE \"t\" ALTER COLUMN \"n\" TYPE INT8, ALTER COLUMN \"f\" TYPE FLOAT8;",
            "CREATE INDEX CONCURRENTLY ON t USING brin (\"time\");",
            "CREATE INDEX CONCURRENTLY ON t (\"kind\");",
            "CREATE INDEX CONCURRENTLY ON t USING gin (\"data\");"),
        told.statements().stream().filter(line -> !line.contains("attolytics_")).toList());
    assertTrue(
        told.out().contains("-- note: table \"t\", column \"gone\" is not in the schema file"));
    assertTrue(
        told.out().contains("\n-- without NOT NULL, because the table may have rows"), told.out());
    assertTrue(told.out().contains("\n-- rewrites the table"), told.out());
    assertEquals(before, columns());

    for (String line : told.statements()) {
      sql(line);
    }
    assertMigrated();
  }

  @Test
  void apply_doesAllOfItAndLosesNothing() throws Exception {
    sql(OLD_TABLE);

    CommandResult done = migrate(SCHEMA, "--apply");

    assertEquals(0, done.exitCode(), done.err());
    assertTrue(done.out().endsWith("-- nothing is left to do\n"), done.out());
    assertMigrated();
    assertEquals(
        List.of("7 0.5 o g k"), query("SELECT concat_ws(' ', n, f, optional, gone, kept) FROM t"));
  }

  private void assertMigrated() throws Exception {
    assertEquals(
        List.of(
            "data jsonb f",
            "f double precision f",
            "gone text f",
            "kept text f",
            "kind character varying f",
            "n bigint f",
            "optional text f",
            "time timestamp with time zone f"),
        columns());
    assertEquals(List.of("brin time t", "btree kind t", "gin data t"), indexes("t"));
    CommandResult again = migrate(SCHEMA);
    assertEquals(0, again.exitCode(), again.out());
    assertEquals(List.of(), again.statements());
  }

  @Test
  void whatWouldLoseDataOrTakesSomebodyElse_isLeftAndToldByTheExitCode() throws Exception {
    sql("CREATE TABLE t (time date, kind text, n text, f float8, optional text, data jsonb)");

    CommandResult done = migrate(SCHEMA, "--apply");

    assertEquals(3, done.exitCode(), done.err());
    assertEquals(
        List.of("time is of type date, but has to be", "n is of type text, but has to be IN"),
        done.out()
            .lines()
            .filter(line -> line.startsWith("-- left to do by hand: table \"t\", column "))
            .map(line -> line.replaceFirst(".*column \"(\\w+)\"", "$1").substring(0, 35))
            .toList());
    assertEquals(1, query("SELECT 1 FROM pg_class WHERE relname = 'fresh'").size());
    assertEquals(List.of("brin time t", "btree kind t", "gin data t"), indexes("t"));
  }

  @Test
  void stepThatIsRefused_isExitCode1_andTheOthersAreRun() throws Exception {
    sql("CREATE TABLE t (kind text, n int4, f float8, optional text PRIMARY KEY, data jsonb)");
    String refused = "ALTER TABLE \"t\" ALTER COLUMN \"optional\" DROP NOT NULL";

    CommandResult failed = migrate(SCHEMA, "--apply");

    assertEquals(1, failed.exitCode());
    assertEquals(1, errors(failed).size(), failed.err());
    assertTrue(
        errors(failed).get(0).startsWith("error: the database could not be migrated: " + refused),
        failed.err());
    assertEquals(List.of(refused + ";"), failed.statements());
    assertTrue(columns().contains("time timestamp with time zone f"));
    assertTrue(columns().contains("n bigint f"), columns()::toString);
    assertEquals(List.of("brin time t", "btree kind t", "gin data t"), indexesButThePrimaryKey());
  }

  private List<String> indexesButThePrimaryKey() throws SQLException {
    return indexes("t").stream().filter(index -> !index.contains("optional")).toList();
  }

  @Test
  void tableOfAnotherUser_isPointedOut() throws Exception {
    database.assumeSuperuser("create a role");
    String user = database.name() + "_user";
    sql("CREATE TABLE t (x text)");
    sql("CREATE ROLE " + user + "; GRANT ALL ON SCHEMA public TO " + user);
    String name = file(withX("indexed: true")).toString();
    try {
      sql("GRANT ALL ON t TO " + user);
      sql("ALTER DATABASE " + database.name() + " SET role = " + user);
      String note = "table \"t\": the user " + user + " does not own it, so that somebody else";
      for (String command : List.of("migrate", "check")) {
        CommandResult dry =
            CommandResult.of(Map.of(), command, "--schema=" + name, "--db_url=" + database.url());
        assertTrue(dry.out().contains(note), dry.out());
      }
    } finally {
      sql("SET ROLE NONE; DROP OWNED BY " + user + "; DROP ROLE " + user);
    }
  }

  @Test
  void migrate_ofAnEmbeddedDatabaseThatIsNotThere_createsNone() throws Exception {
    Path data = directory.resolve("data");

    CommandResult told =
        CommandResult.of(Map.of(), "migrate", "--schema=" + file(SCHEMA), "--data_dir=" + data);

    assertEquals(3, told.exitCode(), told.err());
    assertTrue(told.statements().contains("CREATE INDEX ON \"fresh\" (\"x\");"), told.out());
    assertTrue(Files.notExists(data));
  }

  @Test
  void quiet_printsNothing() throws Exception {
    assertEquals(new CommandResult(3, "", ""), migrate(SCHEMA, "-q"));
  }

  // Indexes

  @ParameterizedTest
  @ValueSource(strings = {"t", "leaf"})
  void brokenIndex_isBuiltAgain(String broken) throws Exception {
    if (broken.equals("t")) {
      sql("CREATE TABLE t (x text)");
    } else {
      createPartitions();
    }
    breakIndexOf(broken);
    assertEquals(List.of("btree x f"), indexes(broken));
    String schema = withX("indexed: true");

    List<String> told = migrate(schema).statements();
    int dropped = indexOf("DROP INDEX CONCURRENTLY " + broken + "_x_idx;", told);
    assertTrue(
        indexOf("CREATE INDEX CONCURRENTLY ON " + broken + " (\"x\");", told) > dropped,
        told::toString);
    CommandResult done = migrate(schema, "--apply");

    assertEquals(0, done.exitCode(), done.err());
    assertEquals(List.of("btree x t"), indexes(broken));
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  private static int indexOf(String statement, List<String> statements) {
    assertTrue(statements.contains(statement), statements::toString);
    return statements.indexOf(statement);
  }

  /** As a CREATE INDEX CONCURRENTLY does that gives up while it waits for another transaction. */
  private void breakIndexOf(String table) throws SQLException {
    try (Connection other = database.connect();
        Statement open = other.createStatement();
        Connection connection = database.connect();
        Statement building = connection.createStatement()) {
      other.setAutoCommit(false);
      open.execute("INSERT INTO " + table + " VALUES ('a')");
      building.execute("SET lock_timeout = 50");
      assertThrows(
          SQLException.class,
          () -> building.execute("CREATE INDEX CONCURRENTLY ON " + table + " (x)"));
    }
  }

  @Test
  void brokenUniqueIndex_isSomebodyElses() throws Exception {
    sql("CREATE TABLE t (x text)");
    sql("INSERT INTO t VALUES ('a'), ('a')");
    assertThrows(SQLException.class, () -> sql("CREATE UNIQUE INDEX CONCURRENTLY ON t (x)"));

    assertEquals(0, migrate(withX("indexed: true"), "--apply").exitCode());

    assertEquals(List.of("btree x f", "btree x t"), indexes("t"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "brin"})
  void partitionedTable_getsItsIndexFromThoseOfItsPartitions(String indexed) throws Exception {
    createPartitions();
    sql("CREATE INDEX done_before ON first USING %s (x)".formatted(method(indexed)));
    sql("CREATE INDEX no_substitute ON leaf USING hash (x)");
    String schema = withX("indexed: " + indexed);
    String using = indexed.equals("brin") ? "USING brin " : "";

    assertEquals(
        List.of(
            "CREATE INDEX CONCURRENTLY ON leaf %s(\"x\");".formatted(using),
            "CREATE INDEX ON \"t\" %s(\"x\");".formatted(using)),
        migrate(schema).statements().stream().filter(line -> line.contains("(\"x\")")).toList());
    CommandResult done = migrate(schema, "--apply");

    assertEquals(0, done.exitCode(), done.err());
    List<String> one = List.of(method(indexed) + " x t");
    for (String table : List.of("t", "first", "inner_")) {
      assertEquals(one, indexes(table), table);
    }
    assertEquals(List.of(one.get(0), "hash x t"), indexes("leaf"));
  }

  /** The index of the whole table would build it with writers locked out. */
  @Test
  void indexOfAPartitionThatIsRefused_keepsThatOfTheTableFromBeingBuilt() throws Exception {
    createPartitions();
    String schema = withX("indexed: true");
    sql("ALTER TABLE first ALTER COLUMN x SET STORAGE EXTERNAL");
    sql("INSERT INTO first SELECT '0' || repeat('1', 9000)");

    CommandResult failed = migrate(schema, "--apply");

    assertEquals(1, failed.exitCode(), failed.out());
    assertTrue(
        errors(failed).get(0).contains("CREATE INDEX CONCURRENTLY ON first (\"x\"): "),
        failed.err());
    assertEquals(1, errors(failed).size(), failed.err());
    assertEquals(List.of("btree x t"), indexes("leaf"));
    assertEquals(List.of(), indexes("t"));
    assertEquals(List.of(), indexes("first"));
  }

  private static String method(String indexed) {
    return indexed.equals("brin") ? "brin" : "btree";
  }

  /** Two leaves, the second of them a level deeper. */
  private void createPartitions() throws SQLException {
    sql("CREATE TABLE t (x text) PARTITION BY RANGE (x)");
    sql("CREATE TABLE first PARTITION OF t FOR VALUES FROM ('0') TO ('9')");
    sql("CREATE TABLE inner_ PARTITION OF t FOR VALUES FROM ('a') TO ('n') PARTITION BY LIST (x)");
    sql("CREATE TABLE leaf PARTITION OF inner_ FOR VALUES IN ('a', 'b')");
  }

  // Beside others

  @Test
  void lockThatIsNotToBeHad_holdsUpNoWriterForLong_andIsHadInTheEnd() throws Exception {
    sql("CREATE TABLE t (y text)");
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection reader = database.connect();
        Statement reading = reader.createStatement()) {
      reader.setAutoCommit(false);
      reading.execute("LOCK TABLE t IN ACCESS SHARE MODE");
      Future<Integer> exit = executor.submit(() -> apply(withX("required: true"), LONG));
      Eventually.await(
          () ->
              !query(
                      "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE%' AND state <> 'idle' AND datname = current_database()")
                  .isEmpty());
      for (int i = 0; i < 20; i++) {
        sql("SET lock_timeout = '30s'; INSERT INTO t (y) VALUES ('written while it waits')");
      }
      assertTrue(!exit.isDone());
      reader.rollback();
      assertEquals(0, exit.get());
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("x character varying f", "y text f"), columns());
  }

  @Test
  void lockThatIsNeverHad_isGivenUp() throws Exception {
    sql("CREATE TABLE t (y text)");
    try (Connection reader = database.connect();
        Statement reading = reader.createStatement()) {
      reader.setAutoCommit(false);
      reading.execute("LOCK TABLE t IN ACCESS SHARE MODE");

      StartException e =
          assertTimeoutPreemptively(
              PATIENCE,
              () ->
                  assertThrows(StartException.class, () -> apply(withX("required: true"), SHORT)));

      assertTrue(
          e.problems().get(0).contains("other sessions hold conflicting locks"), e.getMessage());
    }
    assertEquals(List.of("y text f"), columns());
  }

  @Test
  void manyAtOnce_takeTurns() throws Exception {
    sql("CREATE TABLE t (y text)");
    String schema = withX("indexed: true");
    ExecutorService executor = Executors.newCachedThreadPool();
    try {
      List<Callable<Integer>> all = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        all.add(() -> apply(schema, LONG));
        all.add(
            () ->
                CommandResult.of(
                        Map.of(),
                        "--migrate",
                        "--schema=" + file(schema),
                        "--db_url=" + database.url(),
                        "--port=0",
                        "--admin_port=0")
                    .exitCode());
      }
      for (Future<Integer> exit : executor.invokeAll(all)) {
        assertEquals(0, exit.get());
      }
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  /** It makes no writer wait, so it is not cancelled: it would have to start again each time. */
  @Test
  void indexThatIsBuiltConcurrently_waitsForOthersAsLongAsTheyTake() throws Exception {
    sql("CREATE TABLE t (x text)");
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection other = database.connect();
        Statement open = other.createStatement()) {
      other.setAutoCommit(false);
      open.execute("INSERT INTO t VALUES ('a')");
      Future<Integer> exit = executor.submit(() -> apply(withX("indexed: true"), SHORT));
      Eventually.await(
          () ->
              exit.isDone()
                  || !query(
                          "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock' AND now() - query_start > '1s' AND datname = current_database()")
                      .isEmpty());
      other.rollback();
      assertEquals(0, exit.get());
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  @Test
  void migration_waitsForItsTurn() throws Exception {
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      Future<Integer> exit;
      try (Connection other = haveTheTurn()) {
        exit = executor.submit(() -> apply(withX("indexed: true"), LONG));
        awaitWaitForTurn(exit);
        assertFalse(exit.isDone());
        assertTrue(other.isValid(0));
      }
      assertEquals(0, exit.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  @Test
  void turnThatIsNeverHad_isGivenUp_andItsHolderNamed() throws Exception {
    try (Connection other = haveTheTurn()) {
      StartException e =
          assertThrows(StartException.class, () -> apply(withX("indexed: true"), SHORT));
      int pid = other.unwrap(PGConnection.class).getBackendPID();
      assertTrue(String.valueOf(e.getMessage()).contains("has not ended within"), e.getMessage());
      assertTrue(String.valueOf(e.getMessage()).contains("pid " + pid + " ("), e.getMessage());
    }
  }

  /** What the role has of limits does not break the building of an index off. */
  @Test
  void timeoutsOfTheRole_endNoMigration() throws Exception {
    sql("CREATE TABLE t (x text)");
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection other = database.connect();
        Statement open = other.createStatement()) {
      setTimeouts(); // of sessions that begin from now on
      other.setAutoCommit(false);
      open.execute("INSERT INTO t VALUES ('a')");
      Future<Integer> exit = executor.submit(() -> apply(withX("indexed: true"), LONG));
      // Longer than the timeouts: the index waits for the end of this transaction.
      open.execute("SELECT pg_sleep(1.5)");
      other.commit();
      assertEquals(0, exit.get());
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  private void setTimeouts() throws SQLException {
    sql(
        "DO $$ DECLARE name TEXT; BEGIN FOR name IN SELECT s.name FROM pg_settings s WHERE s.name IN"
            + " ('statement_timeout', 'lock_timeout', 'transaction_timeout') LOOP"
            + " EXECUTE format('ALTER DATABASE %I SET %I = 1000', current_database(), name);"
            + " END LOOP; END $$");
  }

  @Test
  void stop_endsTheWaitForATurn() throws Exception {
    CountDownLatch stop = new CountDownLatch(1);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection other = haveTheTurn()) {
      Future<Integer> exit = executor.submit(() -> apply(withX("indexed: true"), LONG, stop));
      awaitWaitForTurn(exit);
      stop.countDown();
      assertInstanceOf(InterruptedException.class, causeOfEnd(exit));
      assertTrue(other.isValid(0));
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of(), query("SELECT 1 FROM pg_class WHERE relname = 't'"));
  }

  private Connection haveTheTurn() throws SQLException {
    Connection connection = database.connect();
    assertTrue(AdvisoryLock.MIGRATION.hold(connection));
    try (Statement sql = connection.createStatement()) {
      sql.execute("SELECT 'last, so that it does not look like one that waits'");
    }
    return connection;
  }

  /** Until it has asked twice who has it. */
  private void awaitWaitForTurn(Future<?> migration) throws Exception {
    Set<String> asked = new HashSet<>();
    Eventually.await(
        () -> {
          asked.addAll(
              query(
                  "SELECT query_start FROM pg_stat_activity WHERE datname = current_database()"
                      + " AND query LIKE '%FROM pg_catalog.pg_locks%' AND pid <> pg_backend_pid()"));
          return asked.size() >= 2 || migration.isDone();
        });
  }

  private static @Nullable Throwable causeOfEnd(Future<?> migration) {
    return assertThrows(
            ExecutionException.class, () -> migration.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .getCause();
  }

  /** The index waits for the transaction; told to stop, the migration does not. */
  @Test
  void stop_endsItInTheMidst_andTheNextOneGoesOnFromThere() throws Exception {
    sql("CREATE TABLE t (x text)");
    String schema = withX("indexed: true");
    CountDownLatch stop = new CountDownLatch(1);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection other = database.connect();
        Statement open = other.createStatement()) {
      other.setAutoCommit(false);
      open.execute("INSERT INTO t VALUES ('a')");
      Future<?> migration = executor.submit(() -> apply(schema, LONG, stop));
      Eventually.await(
          () ->
              !query(
                      "SELECT 1 FROM pg_stat_progress_create_index WHERE datname = current_database() AND phase LIKE 'waiting%'")
                  .isEmpty());
      stop.countDown();
      assertInstanceOf(InterruptedException.class, causeOfEnd(migration));
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("btree x f"), indexes("t"));
    assertEquals(0, apply(schema, LONG));
    assertEquals(List.of("btree x t"), indexes("t"));
  }

  // At a start

  @Test
  void start_withMigrate_makesTheTablesFit_andCheckSaysSo() throws Exception {
    sql(OLD_TABLE);
    String[] options = {
      "--schema=" + file(SCHEMA), "--db_url=" + database.url(), "--port=0", "--admin_port=0"
    };

    assertEquals(1, CommandResult.of(Map.of(), with(options, "check")).exitCode());
    assertEquals(1, CommandResult.of(Map.of(), options).exitCode());
    CommandResult check = CommandResult.of(Map.of(), with(options, "check", "--migrate"));
    assertEquals(0, check.exitCode(), check.err());
    assertTrue(
        check.out().contains("ALTER TABLE \"t\" ADD COLUMN \"kind\" VARCHAR;\n"), check.out());
    assertEquals(0, CommandResult.of(Map.of(), with(options, "--migrate")).exitCode());
    assertMigrated();
  }

  @Test
  void start_withMigrate_goesOnWithoutAnIndexThatIsRefused() throws Exception {
    sql("CREATE TABLE t (x text)");
    sql("ALTER TABLE t ALTER COLUMN x SET STORAGE EXTERNAL");
    sql("INSERT INTO t VALUES (repeat('1', 9000))");

    CommandResult start =
        CommandResult.of(
            Map.of(),
            "--migrate",
            "--schema=" + file(withX("indexed: true")),
            "--db_url=" + database.url(),
            "--port=0",
            "--admin_port=0");

    assertEquals(0, start.exitCode(), start.err());
  }

  @Test
  void start_withMigrate_tellsWhatIsLeft() throws Exception {
    sql("CREATE TABLE t (time date)");
    String[] options = {
      "--schema=" + file(SCHEMA),
      "--db_url=" + database.url(),
      "--port=0",
      "--admin_port=0",
      "--migrate"
    };

    CommandResult check = CommandResult.of(Map.of(), with(options, "check"));
    CommandResult start = CommandResult.of(Map.of(), options);

    assertEquals(1, start.exitCode());
    assertEquals(errors(check), errors(start));
    assertEquals(1, errors(start).size(), start.err());
  }

  // Helpers

  private static List<String> errors(CommandResult result) {
    return result.err().lines().filter(line -> line.startsWith("error: ")).toList();
  }

  private int apply(String yaml, LockWait lockWait) throws Exception {
    return apply(yaml, lockWait, new CountDownLatch(1));
  }

  private int apply(String yaml, LockWait lockWait, CountDownLatch stop) throws Exception {
    Schema schema = SchemaFile.read(file(yaml), Map.of());
    DatabaseUrl url = DatabaseUrl.parse(database.url());
    Migrator.Result result =
        Migrator.apply(
            url, schema, Duration.ofSeconds(30), InstantSource.system(), stop, () -> {}, lockWait);
    if (!result.failures().isEmpty()) {
      throw new StartException(result.failures());
    }
    return result.remaining().isDone() ? 0 : 3;
  }

  private static String withX(String more) {
    return "tables: {t: {columns: [{name: x, %s}]}}\napps: {a: {secret_key: s, tables: [t]}}"
        .formatted(more);
  }

  private Path file(String yaml) throws Exception {
    return Files.writeString(Files.createTempFile(directory, "schema", ".yaml"), yaml);
  }

  private CommandResult migrate(String yaml, String... options) throws Exception {
    return CommandResult.of(
        Map.of(), with(options, "migrate", "--schema=" + file(yaml), "--db_url=" + database.url()));
  }

  private static String[] with(String[] options, String... before) {
    List<String> all = new ArrayList<>(List.of(before));
    all.addAll(List.of(options));
    return all.toArray(String[]::new);
  }

  private void sql(String statement) throws SQLException {
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute(statement);
    }
  }

  private List<String> query(String query) throws SQLException {
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(query)) {
      List<String> rows = new ArrayList<>();
      while (row.next()) {
        rows.add(row.getString(1));
      }
      return rows;
    }
  }

  /** Name, type and whether NOT NULL. */
  private List<String> columns() throws SQLException {
    return query(
        "SELECT concat_ws(' ', attname, atttypid::regtype, attnotnull) FROM pg_attribute"
            + " WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1");
  }

  /** Method, column and whether valid, without primary keys. */
  private List<String> indexes(String table) throws SQLException {
    return query(
        "SELECT concat_ws(' ', amname, attname, indisvalid) FROM pg_index"
            + " JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam"
            + " JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
            + " WHERE indrelid = '"
            + table
            + "'::regclass ORDER BY 1");
  }
}
