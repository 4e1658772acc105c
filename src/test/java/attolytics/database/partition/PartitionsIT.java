package attolytics.database.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.database.Identifiers;
import attolytics.database.Migration;
import attolytics.database.StepRunner;
import attolytics.database.migration.DatabaseTables;
import attolytics.database.migration.Plan;
import attolytics.schema.Column;
import attolytics.schema.ColumnType;
import attolytics.schema.Index;
import attolytics.schema.ScalarType;
import attolytics.schema.Schema;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Partitions that a start creates. */
class PartitionsIT extends PartitionsFixture {
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
  void partitionThatIsDroppedDuringTheQuery_isNoFailure() throws SQLException {
    DatabaseTables.prepare(connection, schema(table("month", null)), NOW);
    int before = existing().partitions().size();
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(false);
    sql("SELECT 1");
    try (Connection other = database.connect();
        Statement drop = other.createStatement()) {
      drop.execute("DROP TABLE t_before_20240201");
    }

    assertEquals(before, existing().partitions().size());

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

  @ParameterizedTest
  @CsvSource({
    "timestamp, 2026-01-01 00:00, 2026-02-01 00:00, timestamp without time zone",
    "bigint, 1, 2, bigint",
    "text, a, b, text"
  })
  void tableThatIsPartitionedByAnotherType_isAProblemBesideOthers(
      String type, String from, String to, String shown) throws SQLException {
    sql(
        "CREATE TABLE t (time %s NOT NULL, s varchar) PARTITION BY RANGE (time)".formatted(type),
        "CREATE TABLE p PARTITION OF t FOR VALUES FROM ('%s') TO ('%s')".formatted(from, to),
        "COMMENT ON TABLE p IS 'made by attolytics: FOR VALUES FROM (''x'') TO (''y'')'",
        "CREATE TABLE u (s int4)");
    Column other = new Column("s", ScalarType.STRING, null, Index.NONE, false, 0);
    Schema schema = schema(table("day", null), new Table("u", 1, List.of(other)));

    List<String> problems = problems(schema);

    assertEquals(2, problems.size(), problems::toString);
    assertTrue(
        problems.get(0).startsWith("table \"t\", column \"time\" is of type " + shown + ", but "),
        problems.get(0));
    assertTrue(problems.get(1).startsWith("table \"u\", column \"s\""), problems.get(1));
    Migration migration = DatabaseTables.migration(connection, schema, NOW);
    assertEquals(problems, migration.left());
    assertTrue(migration.steps().stream().noneMatch(step -> step.toString().contains("ATTACH")));
  }

  /** As by VACUUM FULL. A server has a limited number of locks, too. */
  @Test
  void comparison_needsNoLocksOnPartitions() throws Exception {
    Schema schema = schema(deduplicated());
    DatabaseTables.prepare(connection, schema, NOW);
    sql("DROP INDEX t_s_idx", "DROP INDEX t_time_s_idx", "SET lock_timeout = '1s'");
    try (Connection other = database.connect();
        Statement lock = other.createStatement()) {
      other.setAutoCommit(false);
      lock.execute("LOCK TABLE t_20240228 IN ACCESS EXCLUSIVE MODE");
      Migration migration = DatabaseTables.migration(connection, schema, NOW);
      assertEquals(20, migration.steps().size(), "of nine partitions, and of the table, twice");
      assertEquals(1, problems(schema).size());
    }
  }

  private static Table deduplicated() {
    Table table = table("day", null);
    return new Table(null, "t", 0, table.columns(), table.partitioning(), null, table.columns());
  }

  @Test
  void names_areReadOnce() throws SQLException {
    RecordedQueries queries = new RecordedQueries(connection);
    DatabaseTables.rehearse(queries.connection(), schema(table("a"), table("b"), table("c")), NOW);
    assertEquals(1, queries.count("FROM pg_catalog.pg_type"));
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

  /** Without {@code partition_by}, a table may be partitioned in any way. */
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
    sql("SET TIME ZONE 'UTC'");
    assertEquals(
        List.of("FOR VALUES FROM ('2024-02-28 18:00:00+00') TO ('2024-03-01 00:00:00+00')"),
        query(
            "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 't_20240228_2'"));
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
}
