package attolytics.database.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import attolytics.database.AdvisoryLock;
import attolytics.database.Identifiers;
import attolytics.database.Migration;
import attolytics.database.StepRunner;
import attolytics.database.migration.DatabaseTables;
import attolytics.database.migration.Plan;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.Index;
import attolytics.schema.PartitionInterval;
import attolytics.schema.Partitioning;
import attolytics.schema.Retention;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Partitions in the database: those of a start, and their upkeep. */
@Timeout(120)
class PartitionsIT {
  /** In the past of the server: what is dropped has to be past its retention there, too. */
  private static final Instant NOW = Instant.parse("2024-02-28T12:00:00Z");

  private static final Duration DAY = Duration.ofDays(1);

  private static TestDatabase database;

  private Connection connection;

  @BeforeAll
  static void createDatabase() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterAll
  static void dropDatabase() throws SQLException {
    database.close();
  }

  @BeforeEach
  void connectToEmptySchema() throws SQLException {
    connection = database.connect();
    sql("DROP SCHEMA IF EXISTS public, other CASCADE", "CREATE SCHEMA public");
    // Bounds are those of UTC whatever the session's time zone is.
    sql("SET TIME ZONE 'America/St_Johns'");
  }

  @AfterEach
  void disconnect() throws SQLException {
    connection.close();
  }

  // What a start creates

  @Test
  void prepare_createsTheTableWithItsPartitions() throws SQLException {
    Schema schema = schema(table("day", null));

    Plan plan = DatabaseTables.prepare(connection, schema, NOW);

    assertEquals(
        List.of(
            "CREATE TABLE \"t\" (\"time\" TIMESTAMPTZ NOT NULL, \"s\" VARCHAR)"
                + " PARTITION BY RANGE (\"time\")",
            "CREATE INDEX ON \"t\" USING brin (\"time\")",
            "CREATE INDEX ON \"t\" (\"s\")",
            "CREATE TABLE \"t_before_20240228\" (LIKE \"t\" INCLUDING ALL EXCLUDING IDENTITY)",
            "ALTER TABLE \"t\" ATTACH PARTITION \"t_before_20240228\""
                + " FOR VALUES FROM (MINVALUE) TO ('2024-02-28 00:00:00+00')",
            "COMMENT ON TABLE \"t_before_20240228\" IS 'made by attolytics: partition of \"t\""
                + " FOR VALUES FROM (MINVALUE) TO (''2024-02-28 00:00:00+00'')'"),
        plan.statements().subList(0, 6));
    assertFits(plan);
    assertEquals(
        List.of(
            "t_20240228",
            "t_20240229",
            "t_20240301",
            "t_20240302",
            "t_20240303",
            "t_20240304",
            "t_20240305",
            "t_20240306",
            "t_before_20240228"),
        partitions());
    sql("INSERT INTO t VALUES ('2024-02-29 00:00:00Z'), ('2024-02-28 23:59:59.999999Z')");
    sql("INSERT INTO t VALUES ('1970-01-01Z'), ('2024-03-06 23:59:59.999999Z')");
    assertEquals(
        List.of("t_20240228", "t_20240229", "t_20240306", "t_before_20240228"),
        query("SELECT relname FROM t JOIN pg_class ON oid = t.tableoid ORDER BY 1"));
    assertEquals(
        List.of("2"),
        query(
            "SELECT DISTINCT count(*) FROM pg_indexes WHERE tablename LIKE 't\\_%' GROUP BY tablename"));
    assertNothingToDo(schema, NOW);
    assertEquals(DatabaseTables.planForNone(schema, NOW).statements(), plan.statements());
  }

  /** The snapshot of the transaction still has it. */
  @Test
  void partitionThatIsDroppedDuringTheQuery_isLeftOut() throws SQLException {
    DatabaseTables.prepare(connection, schema(table("month", null)), NOW);
    int before = existing().partitions().size();
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(false);
    sql("SELECT 1");
    try (Connection other = database.connect();
        Statement drop = other.createStatement()) {
      drop.execute("DROP TABLE t_before_20240201");
    }

    assertEquals(before - 1, existing().partitions().size());

    connection.rollback();
  }

  @ParameterizedTest
  @EnumSource(
      value = ScalarType.class,
      names = {"TIMESTAMP", "DATE"})
  void partitions_areKnownByTheirComment(ColumnType type) throws SQLException {
    Table table = table(type, "week", "2 weeks");
    DatabaseTables.prepare(connection, schema(table), NOW);

    ExistingPartitions found = existing();
    assertEquals("public.t", found.parent());
    assertEquals(6, found.partitions().size());
    assertTrue(found.partitions().stream().allMatch(ExistingPartitions.Partition::isOwn));
    assertNothingToDo(schema(table), NOW);
  }

  @Test
  void rehearse_changesNothing_andPlansWhatPrepareDoes() throws SQLException {
    Schema schema = schema(table("month", "1 month"));
    Plan plan = DatabaseTables.rehearse(connection, schema, NOW);
    assertEquals(List.of(), query("SELECT relname FROM pg_class WHERE relname LIKE 't%\\_2%'"));
    assertEquals(plan, DatabaseTables.prepare(connection, schema, NOW));
  }

  @Test
  void existingTable_getsWhatItLacks() throws SQLException {
    Schema schema = schema(table("day", null));
    DatabaseTables.prepare(connection, schema, NOW);

    Instant later = NOW.plus(DAY);
    List<String> statements = DatabaseTables.rehearse(connection, schema, later).statements();
    assertEquals(
        List.of(
            "CREATE TABLE public.\"t_20240307\" (LIKE public.t INCLUDING ALL EXCLUDING IDENTITY)",
            "ALTER TABLE public.t ATTACH PARTITION public.\"t_20240307\""
                + " FOR VALUES FROM ('2024-03-07 00:00:00+00') TO ('2024-03-08 00:00:00+00')",
            "COMMENT ON TABLE public.\"t_20240307\" IS 'made by attolytics: partition of \"t\""
                + " FOR VALUES FROM (''2024-03-07 00:00:00+00'') TO (''2024-03-08 00:00:00+00'')'"),
        statements);
    Migration migration = DatabaseTables.migration(connection, schema, later);
    assertEquals(List.of(new Migration.Step(statements, false, null)), migration.steps());
    assertEquals(List.of(), migration.left());

    StepRunner.run(connection, migration.steps().get(0), Duration.ofSeconds(2));
    assertNothingToDo(schema, later);
  }

  @Test
  void tableThatIsNotPartitioned_isAProblem() throws SQLException {
    sql("CREATE TABLE t (time timestamptz NOT NULL, s varchar)");
    assertEquals(
        List.of(
            "table \"t\" is not partitioned, but the schema file declares it partitioned by range of"
                + " \"time\"; remove partition_by from the file, or ALTER TABLE \"t\" RENAME TO …, so"
                + " that a new one is created, and copy the rows"),
        problems(schema(table("day", null))));
    assertEquals(
        1, DatabaseTables.migration(connection, schema(table("day", null)), NOW).left().size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "LIST (s)",
        "RANGE (s)",
        "RANGE (\"time\", s)",
        "HASH (\"time\")",
        "RANGE (lower(s))"
      })
  void tableThatIsPartitionedOtherwise_isAProblem(String key) throws SQLException {
    sql("CREATE TABLE t (time timestamptz NOT NULL, s text) PARTITION BY " + key);
    String problem = problems(schema(table("day", null))).get(0);
    assertTrue(
        problem.startsWith(
            "table \"t\" is partitioned by %s, but the schema file declares it partitioned by range of \"time\";"
                .formatted(key)),
        problem);
  }

  @Test
  void userWhoDoesNotOwnTheTable_isAProblem() throws SQLException {
    database.assumeSuperuser("create a role");
    DatabaseTables.prepare(connection, schema(table("day", null)), NOW);
    String user = Identifiers.quote("user of " + database.name());
    sql(
        "CREATE ROLE " + user,
        "GRANT USAGE ON SCHEMA public TO " + user,
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO " + user);
    try {
      sql("SET ROLE " + user);
      assertEquals(
          List.of(
              "table \"t\": the user %s does not own it and cannot give it partitions; ALTER TABLE"
                      .formatted(user)
                  + " \"t\" OWNER TO "
                  + user,
              "table \"t\": the user %s may not create its partitions; GRANT CREATE ON SCHEMA public TO %s"
                  .formatted(user, user)),
          problems(schema(table("day", null))));
    } finally {
      sql("RESET ROLE", "DROP OWNED BY " + user, "DROP ROLE " + user);
    }
  }

  /** Without {@code partition_by}, it is nobody's business how a table is divided. */
  @Test
  void partitionedTable_ofSomebodyElse_isATable() throws SQLException {
    sql("CREATE TABLE t (time timestamptz NOT NULL, s varchar) PARTITION BY LIST (s)");
    Table table = new Table("t", 0, table("day", null).columns());
    Plan plan = DatabaseTables.prepare(connection, schema(table), NOW);
    assertEquals(List.of(), plan.problems());
    assertEquals(List.of(), partitions());
  }

  @Test
  void partitionsOfSomebodyElse_areKept_andTheGapsFilled() throws SQLException {
    sql(
        "CREATE TABLE t (time timestamptz NOT NULL, s varchar) PARTITION BY RANGE (time)",
        "CREATE TABLE mine PARTITION OF t FOR VALUES FROM ('2024-01-01Z') TO ('2024-02-28 18:00Z')",
        "CREATE TABLE t_20240228 (x int)");
    DatabaseTables.prepare(connection, schema(table("month", null)), NOW);

    assertEquals(
        List.of(
            "mine", "t_20240228_2", "t_20240301", "t_20240401", "t_20240501", "t_before_20240101"),
        partitions());
    assertEquals(
        List.of("FOR VALUES FROM ('2024-02-28 18:00:00+00') TO ('2024-03-01 00:00:00+00')"),
        query(
            "SET TIME ZONE 'UTC'; SELECT pg_get_expr(relpartbound, oid) FROM pg_class"
                + " WHERE relname = 't_20240228_2'"));
    assertNothingToDo(schema(table("month", null)), NOW);
  }

  @Test
  void defaultPartition_isWarnedOf() throws SQLException {
    sql(
        "CREATE TABLE t (time timestamptz NOT NULL, s varchar) PARTITION BY RANGE (time)",
        "CREATE INDEX ON t USING brin (time)",
        "CREATE INDEX ON t (s)",
        "CREATE TABLE rest PARTITION OF t DEFAULT");
    assertEquals(
        List.of(
            "table \"t\" has a DEFAULT partition, which each new partition locks and searches; detach"
                + " it: ALTER TABLE public.t DETACH PARTITION …"),
        DatabaseTables.prepare(connection, schema(table("day", null)), NOW).warnings());
  }

  @Test
  void tablesWhoseNamesAreLong_doNotGetInEachOthersWay() throws SQLException {
    String base = "x".repeat(62);
    Schema schema = schema(table(base + "a"), table(base + "b"));
    assertFits(DatabaseTables.prepare(connection, schema, NOW));
    assertNothingToDo(schema, NOW);
  }

  /** A start does not fail because somebody analyses the table just then. */
  @Test
  void lockedTable_isLeftForLater() throws Exception {
    Schema schema = schema(table("day", null));
    DatabaseTables.prepare(connection, schema, NOW);
    try (Connection other = database.connect();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE"); // as ANALYZE has
      Plan plan = DatabaseTables.prepare(connection, schema, NOW.plus(DAY));

      assertEquals(List.of(), plan.problems());
      assertEquals(List.of(), plan.statements());
      assertEquals(1, plan.warnings().size());
      assertTrue(
          plan.warnings().get(0).startsWith("ALTER TABLE public.t ATTACH PARTITION"),
          plan.warnings().get(0));
      assertEquals(9, partitions().size());
    }
    DatabaseTables.prepare(connection, schema, NOW.plus(DAY));
    assertEquals(10, partitions().size());
  }

  @Test
  void startsAtTheSameTime_doNotFailEachOther() throws Exception {
    Schema schema = schema(table("day", "3 days"));
    inParallel(
        4,
        own -> {
          for (int day = 0; day < 5; day++) {
            assertEquals(
                List.of(),
                DatabaseTables.prepare(own, schema, NOW.plus(DAY.multipliedBy(day))).warnings());
          }
        });
    assertEquals(13, partitions().size());
  }

  // Upkeep

  @Test
  void make_makesWhatIsMissing_andThenNothing() throws SQLException {
    Table table = table("day", null);
    DatabaseTables.prepare(connection, schema(table), NOW);

    assertEquals(List.of(), make(table, NOW));
    assertEquals(
        List.of(
            "ALTER TABLE public.t ATTACH PARTITION public.\"t_20240307\""
                + " FOR VALUES FROM ('2024-03-07 00:00:00+00') TO ('2024-03-08 00:00:00+00')"),
        make(table, NOW.plus(DAY)));
    assertEquals(List.of(), make(table, NOW.plus(DAY)));
    assertEquals(
        new PartitionUpkeep.State(10, Instant.parse("2024-03-08T00:00:00Z")),
        PartitionUpkeep.of(connection, table).state(NOW.plus(DAY)));
  }

  @Test
  void drop_dropsWhatIsPastItsRetention_withAMargin() throws SQLException {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    sql("INSERT INTO t VALUES ('2024-02-26 12:00Z'), ('2024-02-28 12:00Z')");

    assertEquals(List.of(), drop(table, Instant.parse("2024-03-01T00:59:59Z")));
    assertEquals(
        List.of("DROP TABLE public.t_20240226"),
        drop(table, Instant.parse("2024-03-01T01:00:00Z")));
    assertEquals(List.of("2024-02-28"), query("SELECT time::date FROM t"));
    assertEquals(
        List.of("DROP TABLE public.t_20240228"),
        drop(table, Instant.parse("2024-03-02T01:00:00Z")));
    assertEquals(List.of(), query("SELECT relname FROM pg_class WHERE relname ~ 't_2024022[678]'"));
  }

  @Test
  void withoutRetention_nothingIsDropped() throws SQLException {
    Table table = table("day", null);
    DatabaseTables.prepare(connection, schema(table), NOW);
    assertEquals(List.of(), drop(table, Instant.now()));
    assertEquals(9, partitions().size());
  }

  /** A wrong clock of one machine must not cost all data. */
  @Test
  void drop_takesBothClocks() throws SQLException {
    Instant now = Instant.now();
    Table table = table("day", "90 days");
    DatabaseTables.prepare(connection, schema(table), now);
    assertEquals(List.of(), drop(table, Instant.parse("2106-02-07T06:28:15Z")));
    assertEquals(9, partitions().size());
  }

  @Test
  void whatTheServiceHasNotMade_stays() throws SQLException {
    Table table = table("day", "2 days");
    sql(
        "CREATE TABLE t (time timestamptz NOT NULL, s varchar) PARTITION BY RANGE (time)",
        // A foreign one, one of ours whose comment is gone, and one whose comment lies.
        "CREATE TABLE t_20240101 PARTITION OF t FOR VALUES FROM ('2024-01-01Z') TO ('2024-01-02Z')");
    DatabaseTables.prepare(connection, schema(table), NOW);
    sql(
        "COMMENT ON TABLE t_20240228 IS NULL",
        "COMMENT ON TABLE t_20240229 IS 'made by attolytics: partition of \"t\" FOR VALUES FROM"
            + " (''2024-02-28 00:00:00+00'') TO (''2024-02-29 00:00:00+00'')'",
        // Tables that are none of its partitions.
        "CREATE TABLE t_20240102 (LIKE t)",
        "CREATE TABLE t_20240103 (LIKE t)",
        "COMMENT ON TABLE t_20240103 IS 'made by attolytics: partition of \"t\" FOR VALUES FROM"
            + " (''2024-01-03 00:00:00+00'') TO (''2024-01-04 00:00:00+00'')'",
        // One of ours that somebody has detached to keep it.
        "ALTER TABLE t DETACH PARTITION t_20240301");

    assertEquals(
        List.of("DROP TABLE public.t_20240226", "DROP TABLE public.t_20240302"),
        drop(table, Instant.parse("2024-03-05T01:00:00Z")).stream().sorted().toList());
    assertEquals(
        List.of("t_20240101", "t_20240102", "t_20240103", "t_20240228", "t_20240229", "t_20240301"),
        query(
            "SELECT relname FROM pg_class WHERE relname ~ '^t_2024' AND relkind = 'r'"
                + " AND relname < 't_20240303' ORDER BY 1"));
  }

  /** As after a crash between the DETACH and the DROP. */
  @Test
  void partitionThatWasDetachedToBeDropped_isDroppedByTheNextOne() throws SQLException {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    ExistingPartitions.Partition first =
        existing().partitions().stream()
            .filter(partition -> partition.name().equals("public.t_20240226"))
            .findFirst()
            .orElseThrow();
    sql(
        PartitionSql.comment(
            first.name(),
            PartitionSql.markOf(
                "public.t", first.range(), Objects.requireNonNull(table.partitioning()))),
        "ALTER TABLE t DETACH PARTITION t_20240226");

    assertEquals(List.of(), drop(table("day", "3 days"), Instant.parse("2024-03-01T01:00:00Z")));
    assertEquals(
        List.of("DROP TABLE public.t_20240226"),
        drop(table, Instant.parse("2024-03-01T01:00:00Z")));
  }

  /** A query that has read the table holds up the end of a DETACH, and nobody is held up by it. */
  @Test
  void partitionThatIsBeingRead_isDroppedWhenThatIsOver() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    Instant later = Instant.parse("2024-03-01T01:00:00Z");
    try (Connection reader = database.connect();
        Statement reading = reader.createStatement()) {
      reader.setAutoCommit(false);
      reading.execute("SELECT count(*) FROM t");
      SQLException e = assertThrows(SQLException.class, () -> drop(table, later));
      // Otherwise all writers would have waited with it.
      boolean concurrently = connection.getMetaData().getDatabaseMajorVersion() >= 14;
      assertEquals(concurrently ? "57014" : "55P03", e.getSQLState(), e.getMessage());
      assertEquals(
          concurrently,
          existing().partitions().stream().anyMatch(ExistingPartitions.Partition::detaching));
      sql("SET lock_timeout = '1s'", "INSERT INTO t VALUES ('2024-02-28 12:00Z')");
      assertThrows(SQLException.class, () -> drop(table, later));
    }
    Eventually.await(
        () -> {
          try {
            return drop(table, later).equals(List.of("DROP TABLE public.t_20240226"));
          } catch (SQLException e) {
            return false; // its end has not got around yet
          }
        });
    assertEquals(8, partitions().size());
  }

  @Test
  void upkeep_doesNotWaitForLocksForLong() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    try (Connection other = database.connect();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE t IN SHARE MODE");
      SQLException e = assertThrows(SQLException.class, () -> make(table, NOW.plus(DAY)));
      assertEquals("55P03", e.getSQLState());
    }
    assertEquals(1, make(table, NOW.plus(DAY)).size());
  }

  /** An ACCESS EXCLUSIVE lock on the table would make them wait for it in their turn. */
  @Test
  void make_keepsNoWriterWaiting() throws Exception {
    Table table = table("day", null);
    DatabaseTables.prepare(connection, schema(table), NOW);
    try (Connection writer = database.connect();
        Statement writing = writer.createStatement()) {
      writer.setAutoCommit(false);
      writing.execute("INSERT INTO t VALUES ('2024-02-28 12:00Z')");
      assertEquals(1, make(table, NOW.plus(DAY)).size());
      writing.execute("INSERT INTO t VALUES ('2024-02-29 12:00Z')");
      writer.commit();
    }
  }

  @Test
  void defaultPartition_isLivedWith() throws SQLException {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    sql("CREATE TABLE rest PARTITION OF t DEFAULT");
    Instant later = Instant.parse("2024-03-01T01:00:00Z");
    assertEquals(2, make(table, later).size());
    assertEquals(List.of("DROP TABLE public.t_20240226"), drop(table, later));
  }

  @Test
  void identityColumn_isTheWholeTables() throws SQLException {
    sql(
        "CREATE TABLE t (time timestamptz NOT NULL, s varchar, n bigint GENERATED ALWAYS AS IDENTITY)"
            + " PARTITION BY RANGE (time)");
    Table table = table("day", null);
    // Not before PostgreSQL 17, but then the table's own default counts.
    DatabaseTables.prepare(connection, schema(table), NOW);
    assertEquals(1, make(table, NOW.plus(DAY)).size());
    sql("INSERT INTO t VALUES ('2024-02-28 12:00Z'), ('2024-02-29 12:00Z')");
    assertEquals(List.of("1", "2"), query("SELECT n FROM t ORDER BY n"));
  }

  @Test
  void tableInAnotherSchema_isFoundAndKept() throws SQLException {
    sql("CREATE SCHEMA other", "SET search_path = other, public");
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    sql("SET search_path = public, other");
    Instant later = Instant.parse("2024-03-01T01:00:00Z");
    assertEquals(2, make(table, later).size());
    assertEquals(List.of("DROP TABLE other.t_20240226"), drop(table, later));
    assertEquals(
        List.of("0"),
        query(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 't%'"));
  }

  @Test
  void hold_whileAnotherDoes_isRefused() throws SQLException {
    try (Connection other = database.connect()) {
      assertTrue(AdvisoryLock.UPKEEP.hold(connection));
      assertEquals(false, AdvisoryLock.UPKEEP.hold(other));
      connection.rollback();
      assertTrue(AdvisoryLock.UPKEEP.hold(other));
    }
    connection.setAutoCommit(true);
  }

  /** Its session does nothing else for as long as the work takes. */
  @Test
  void hold_hasNoLimitToBeIdle() throws SQLException {
    assertTrue(AdvisoryLock.UPKEEP.hold(connection));
    assertEquals(List.of("0"), query("SHOW idle_in_transaction_session_timeout"));
    connection.rollback();
    connection.setAutoCommit(true);
  }

  /** What is missing is looked up when it is its turn, not before. */
  @Test
  void make_afterAStartThatMadeThem_makesNothing() throws Exception {
    Table table = table("day", null);
    Instant later = NOW.plus(DAY);
    DatabaseTables.prepare(connection, schema(table), NOW);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (Connection upkeep = database.connect()) {
      List<String> made = new ArrayList<>();
      sql("SELECT pg_advisory_lock(" + AdvisoryLock.TABLES.key() + ")");
      Future<?> making =
          executor.submit(
              () -> {
                PartitionUpkeep.of(upkeep, table).create(later, made::add);
                return null;
              });
      Eventually.await(
          () ->
              !query(
                      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                          + " AND query LIKE 'SELECT pg_try_advisory_xact_lock%'"
                          + " AND state = 'idle in transaction'")
                  .isEmpty());
      assertEquals(3, DatabaseTables.prepare(connection, schema(table), later).statements().size());
      sql("SELECT pg_advisory_unlock(" + AdvisoryLock.TABLES.key() + ")");
      making.get();
      assertEquals(List.of(), made);
    } finally {
      executor.shutdownNow();
    }
    assertEquals(10, partitions().size());
  }

  @Test
  void upkeepsAndStartsAtTheSameTime_doNotFailEachOther() throws Exception {
    Table table = table("day", "2 days");
    DatabaseTables.prepare(connection, schema(table), NOW);
    inParallel(
        4,
        own -> {
          for (int day = 0; day < 5; day++) {
            Instant now = NOW.plus(DAY.multipliedBy(day));
            PartitionUpkeep.of(own, table).create(now, statement -> {});
            DatabaseTables.prepare(own, schema(table), now);
          }
        });
    assertEquals(13, partitions().size());
  }

  @Test
  void upkeepOfATableThatIsGone_saysSo() throws SQLException {
    Table table = table("day", null);
    assertThrows(SQLException.class, () -> PartitionUpkeep.of(connection, table));
    sql("CREATE TABLE t (time timestamptz)");
    assertThrows(SQLException.class, () -> PartitionUpkeep.of(connection, table));
  }

  // Helpers

  private List<String> make(Table table, Instant now) throws SQLException {
    List<String> made = new ArrayList<>();
    PartitionUpkeep.of(connection, table).create(now, made::add);
    return made;
  }

  private List<String> drop(Table table, Instant now) throws SQLException {
    List<String> dropped = new ArrayList<>();
    PartitionUpkeep.of(connection, table).drop(now, dropped::add);
    return dropped;
  }

  @FunctionalInterface
  private interface Work {
    void on(Connection own) throws SQLException;
  }

  private static void inParallel(int threads, Work work) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    CyclicBarrier barrier = new CyclicBarrier(threads);
    Callable<Void> task =
        () -> {
          try (Connection own = database.connect()) {
            barrier.await();
            work.on(own);
          }
          return null;
        };
    try {
      List<Future<Void>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(executor.submit(task));
      }
      for (Future<Void> each : running) {
        each.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  private static Table table(String interval, @Nullable String retention) {
    return table(ScalarType.TIMESTAMP, interval, retention);
  }

  private static Table table(ColumnType type, String interval, @Nullable String retention) {
    return table("t", type, interval, retention);
  }

  private static Table table(String name) {
    return table(name, ScalarType.TIMESTAMP, "day", null);
  }

  private static Table table(
      String name, ColumnType type, String interval, @Nullable String retention) {
    Column time = new Column("time", type, null, Index.BRIN, true, 0);
    return new Table(
        name,
        0,
        List.of(time, new Column("s", ScalarType.STRING, null, Index.DEFAULT, false, 1)),
        new Partitioning(
            time,
            Objects.requireNonNull(PartitionInterval.named(interval)),
            retention == null ? null : Retention.parse(retention)),
        null);
  }

  private static Schema schema(Table... tables) {
    return new Schema(List.of(tables), Map.of(), null);
  }

  private ExistingPartitions existing() throws SQLException {
    return ExistingPartitions.of(
        connection, Long.parseLong(query("SELECT 't'::regclass::oid").get(0)), "time");
  }

  private List<String> partitions() throws SQLException {
    return query(
        "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid"
            + " WHERE relkind = 'r' ORDER BY 1");
  }

  private List<String> problems(Schema schema) throws SQLException {
    return DatabaseTables.rehearse(connection, schema, NOW).problems();
  }

  private void assertNothingToDo(Schema schema, Instant now) throws SQLException {
    Plan plan = DatabaseTables.prepare(connection, schema, now);
    assertEquals(List.of(), plan.problems());
    assertEquals(List.of(), plan.statements());
  }

  private static void assertFits(Plan plan) {
    assertEquals(List.of(), plan.problems());
    assertEquals(List.of(), plan.warnings());
  }

  private void sql(String... statements) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      for (String statement : statements) {
        sql.execute(statement);
      }
    }
  }

  private List<String> query(String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement sql = connection.createStatement()) {
      boolean isResult = sql.execute(query);
      while (!isResult) {
        isResult = sql.getMoreResults();
      }
      try (ResultSet row = sql.getResultSet()) {
        while (row.next()) {
          rows.add(row.getString(1));
        }
      }
    }
    return rows;
  }
}
