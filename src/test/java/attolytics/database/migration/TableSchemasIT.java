package attolytics.database.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.database.EmptySchemaFixture;
import attolytics.database.IdempotencyTable;
import attolytics.database.QuarantineTable;
import attolytics.database.partition.PartitionUpkeep;
import attolytics.schema.Schema;
import attolytics.schema.yaml.SchemaFile;
import attolytics.settings.DatabaseUrl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables in schemas of their own: the key {@code schema}. */
class TableSchemasIT extends EmptySchemaFixture {
  private static final String TWO_TABLES =
      """
      tables:
        t: {schema: Game "A", columns: [{name: x, type: i32, indexed: true}]}
        u: {schema: Game "A", columns: [{name: y}]}
      apps: {a: {secret_key: s, tables: [t, u]}}
      """;

  private static final String PARTITIONED =
      """
      tables:
        t:
          schema: Game
          columns: [{name: id, required: true}, {name: at, type: timestamp, required: true}]
          partition_by: {column: at, interval: day}
          retention: 2 days
          deduplicate_by: [id, at]
      apps: {a: {secret_key: s, tables: [t]}}
      """;

  private static final Instant NOW = Instant.parse("2024-02-28T12:00:00Z");

  @TempDir private Path directory;

  @BeforeEach
  void createOwnTables() throws SQLException {
    sql(IdempotencyTable.TABLE.creation().toArray(String[]::new));
    sql(QuarantineTable.TABLE.creation().toArray(String[]::new));
  }

  @Test
  void prepare_createsTheSchemaBeforeItsTables() throws Exception {
    Plan plan = DatabaseTables.prepare(connection, schema(TWO_TABLES));

    assertEquals(List.of(), plan.problems());
    assertEquals(List.of(), plan.warnings());
    assertEquals(
        List.of(
            "CREATE SCHEMA IF NOT EXISTS \"Game \"\"A\"\"\"",
            "CREATE TABLE \"Game \"\"A\"\"\".\"t\" (\"x\" INT4)",
            "CREATE INDEX ON \"Game \"\"A\"\"\".\"t\" (\"x\")",
            "CREATE TABLE \"Game \"\"A\"\"\".\"u\" (\"y\" VARCHAR)"),
        plan.statements());
    assertEquals(
        List.of("Game \"A\".t", "Game \"A\".u"),
        query(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE tablename IN ('t', 'u')"));
    assertNothingToDo(TWO_TABLES);
  }

  @Test
  void planForNone_hasTheSchema() throws Exception {
    List<String> statements = DatabaseTables.planForNone(schema(TWO_TABLES), NOW).statements();

    assertEquals("CREATE SCHEMA IF NOT EXISTS \"Game \"\"A\"\"\"", statements.get(0));
    assertEquals(1, statements.stream().filter(sql -> sql.startsWith("CREATE SCHEMA")).count());
  }

  /** Also one that another instance, or anybody else, has created meanwhile. */
  @Test
  void starts_atTheSameTime_doNotFailEachOther() throws Exception {
    Schema schema = schema(TWO_TABLES);
    CyclicBarrier barrier = new CyclicBarrier(4);
    Callable<List<String>> start =
        () -> {
          try (Connection own = database.connect()) {
            barrier.await();
            return DatabaseTables.prepare(own, schema).problems();
          }
        };
    ExecutorService executor = Executors.newFixedThreadPool(4);
    try {
      for (Future<List<String>> each : executor.invokeAll(List.of(start, start, start, start))) {
        assertEquals(List.of(), each.get());
      }
    } finally {
      executor.shutdownNow();
    }
    assertNothingToDo(TWO_TABLES);
  }

  @Test
  void comparison_isWithTheTableOfThatSchema() throws Exception {
    sql(
        "CREATE TABLE t (x INT4)",
        "CREATE INDEX ON t (x)",
        "CREATE SCHEMA \"Game \"\"A\"\"\"",
        "CREATE TABLE \"Game \"\"A\"\"\".t (x TEXT)",
        "CREATE TABLE \"Game \"\"A\"\"\".u (y TEXT, z TEXT NOT NULL)");

    Plan plan = DatabaseTables.prepare(connection, schema(TWO_TABLES));

    assertEquals(
        List.of(
            "table \"Game \"\"A\"\"\".\"t\", column \"x\" is of type text, but has to be INT4 (i32);"
                + " give it the type string in the schema file, or ALTER TABLE"
                + " \"Game \"\"A\"\"\".\"t\" ALTER COLUMN \"x\" TYPE INT4 USING \"x\"::INT4",
            "table \"Game \"\"A\"\"\".\"u\", column \"z\" is NOT NULL without a default, and not in"
                + " the schema file, so that no row can be inserted; add it there as `required`, or"
                + " ALTER TABLE \"Game \"\"A\"\"\".\"u\" ALTER COLUMN \"z\" DROP NOT NULL"),
        plan.problems());
  }

  @Test
  void tableElsewhereOnTheSearchPath_isPointedOut() throws Exception {
    sql("CREATE TABLE t (x INT4)");
    String hint =
        "table \"Game \"\"A\"\"\".\"t\" is a new one, though there is a table \"t\" in another schema"
            + " of the search path; to use that one, ALTER TABLE \"t\" SET SCHEMA"
            + " \"Game \"\"A\"\"\" before";

    assertEquals(List.of(hint), DatabaseTables.rehearse(connection, schema(TWO_TABLES)).warnings());
    assertEquals(
        List.of(hint), DatabaseTables.migration(connection, schema(TWO_TABLES), NOW).notes());
    sql("CREATE SCHEMA \"Game \"\"A\"\"\"", "ALTER TABLE \"t\" SET SCHEMA \"Game \"\"A\"\"\"");
    sql("CREATE INDEX ON \"Game \"\"A\"\"\".t (x)");
    assertEquals(List.of(), DatabaseTables.prepare(connection, schema(TWO_TABLES)).warnings());
    assertNothingToDo(TWO_TABLES);
  }

  @Test
  void dotInATablesName_isAWarning() throws Exception {
    String yaml =
        """
        tables: {game.events: {columns: [{name: x}]}, .a: {columns: [{name: x}]}}
        apps: {a: {secret_key: s, tables: [game.events]}}
        """;
    List<String> warnings =
        List.of(
            "table \"game.events\": the dot is a part of its name, and names no schema, for which"
                + " there is the key `schema`; name the table `events`, and give it `schema: game`",
            "table \".a\": the dot is a part of its name, and names no schema, for which there is"
                + " the key `schema`");

    assertEquals(warnings, DatabaseTables.planForNone(schema(yaml), NOW).warnings());
    assertEquals(warnings, DatabaseTables.prepare(connection, schema(yaml)).warnings());
    assertEquals(warnings, DatabaseTables.prepare(connection, schema(yaml)).warnings());
  }

  // Privileges

  @Test
  void userWhoMayNotCreateSchemas_needsAnExistingOne() throws Exception {
    String missing = "schema \"Game \"\"A\"\"\"";
    withUser(
        user -> {
          Plan refused = DatabaseTables.rehearse(connection, schema(TWO_TABLES));
          assertEquals(
              List.of(
                  missing
                      + " does not exist, and the user %1$s may not create it; GRANT CREATE ON DATABASE %2$s TO %1$s, or have it created by somebody else: CREATE SCHEMA \"Game \"\"A\"\"\" AUTHORIZATION %1$s"
                          .formatted(user, database.name())),
              refused.problems());
          assertEquals(4, refused.statements().size(), refused::toString);
          assertEquals(
              List.of(), DatabaseTables.migration(connection, schema(TWO_TABLES), NOW).steps());

          asOwner(user, "CREATE SCHEMA \"Game \"\"A\"\"\"");
          assertEquals(
              List.of(
                  "schema \"Game \"\"A\"\"\": the user %1$s may not use it; GRANT USAGE ON SCHEMA \"Game \"\"A\"\"\" TO %1$s"
                      .formatted(user)),
              DatabaseTables.rehearse(connection, schema(TWO_TABLES)).problems());

          asOwner(user, "GRANT USAGE ON SCHEMA \"Game \"\"A\"\"\" TO " + user);
          List<String> problems =
              DatabaseTables.rehearse(connection, schema(TWO_TABLES)).problems();
          assertEquals(2, problems.size());
          assertTrue(
              problems
                  .get(0)
                  .startsWith(
                      "table \"Game \"\"A\"\"\".\"t\" does not exist, and the user %1$s may not create it; GRANT CREATE ON SCHEMA \"Game \"\"A\"\"\" TO %1$s, or"
                          .formatted(user)),
              problems::toString);

          asOwner(user, "GRANT CREATE ON SCHEMA \"Game \"\"A\"\"\" TO " + user);
          assertEquals(
              List.of(), DatabaseTables.prepare(connection, schema(TWO_TABLES)).problems());
        });
    assertNothingToDo(TWO_TABLES);
  }

  // Partitions

  @Test
  void partitions_areInTheSchemaOfTheirTable() throws Exception {
    Schema schema = schema(PARTITIONED);
    DatabaseTables.prepare(connection, schema, NOW);
    assertEquals(List.of("Game"), query(SCHEMAS_OF_PARTITIONS));
    assertEquals(List.of(), DatabaseTables.migration(connection, schema, NOW).steps());

    Instant later = Instant.parse("2024-03-01T01:00:00Z");
    Plan plan = DatabaseTables.prepare(connection, schema, later);
    assertTrue(
        plan.statements().get(0).startsWith("CREATE TABLE \"Game\".\"t_2024"), plan::toString);
    assertEquals(List.of("Game"), query(SCHEMAS_OF_PARTITIONS));

    assertEquals(List.of("DROP TABLE \"Game\".t_20240226"), drop(schema, later));
    assertEquals(List.of(), drop(schema, later));
  }

  /** ALTER TABLE … SET SCHEMA leaves partitions where they are. */
  @Test
  void partitionsOfATableThatWasMoved_areDropped() throws Exception {
    DatabaseTables.prepare(connection, schema(PARTITIONED.replace("schema: Game", "")), NOW);
    sql("CREATE SCHEMA \"Game\"", "ALTER TABLE t SET SCHEMA \"Game\"");
    Schema schema = schema(PARTITIONED);
    Instant later = Instant.parse("2024-03-01T01:00:00Z");
    assertEquals(List.of(), DatabaseTables.prepare(connection, schema, later).problems());

    assertEquals(List.of("DROP TABLE public.t_20240226"), drop(schema, later));
    assertEquals(List.of(), query("SELECT 1 FROM pg_class WHERE relname = 't_20240226'"));
  }

  /** The partitions of each have the same names and, until they are dropped, the same comments. */
  @Test
  void partitionsOfATableOfTheSameName_areNotDropped() throws Exception {
    Instant old = NOW.minusSeconds(5 * 86_400);
    Schema other = schema(PARTITIONED.replace("schema: Game", ""));
    DatabaseTables.prepare(connection, other, old);
    DatabaseTables.prepare(connection, schema(PARTITIONED), old);
    String partitionsOfOther =
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'public.t'::regclass";
    List<String> before = query(partitionsOfOther);

    assertTrue(drop(schema(PARTITIONED), NOW).size() > 1);
    assertEquals(before, query(partitionsOfOther));
  }

  @Test
  void migration_buildsIndexesOfPartitionsThere() throws Exception {
    sql(
        "CREATE SCHEMA \"Game\"",
        "CREATE TABLE \"Game\".t (id varchar NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE"
            + " (at)",
        "CREATE TABLE \"Game\".first PARTITION OF \"Game\".t DEFAULT");

    Schema schema = schema(PARTITIONED);
    List<String> left =
        Migrator.apply(
                DatabaseUrl.parse(database.url()),
                schema,
                Duration.ofSeconds(10),
                () -> NOW,
                new CountDownLatch(1),
                () -> {})
            .remaining()
            .left();

    assertEquals(List.of(), left);
    assertEquals(List.of(), DatabaseTables.prepare(connection, schema, NOW).problems());
    assertEquals(
        List.of("0"),
        query(
            "SELECT count(*) FROM pg_partition_tree('\"Game\".t') WHERE NOT EXISTS"
                + " (SELECT FROM pg_index WHERE indrelid = relid AND indisunique AND indisvalid)"));
  }

  private static final String SCHEMAS_OF_PARTITIONS =
      """
      SELECT DISTINCT nspname FROM pg_inherits
        JOIN pg_class ON pg_class.oid = inhrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE relkind = 'r'
      """;

  private List<String> drop(Schema schema, Instant now) throws SQLException {
    List<String> dropped = new ArrayList<>();
    PartitionUpkeep.of(connection, schema.tables().get(0)).drop(now, dropped::add);
    return dropped;
  }

  // Helpers

  private void assertNothingToDo(String yaml) throws Exception {
    Plan plan = DatabaseTables.prepare(connection, schema(yaml));
    assertEquals(new Plan(List.of(), List.of(), List.of()), plan);
    assertTrue(DatabaseTables.migration(connection, schema(yaml), Instant.now()).isDone());
  }

  private Schema schema(String yaml) throws Exception {
    return SchemaFile.read(Files.writeString(directory.resolve("schema.yaml"), yaml), Map.of());
  }

  @FunctionalInterface
  private interface Work {
    void run(String user) throws Exception;
  }

  /** Runs it as a user who may use the schema public, and the service's own tables. */
  private void withUser(Work work) throws Exception {
    database.assumeSuperuser("create a role");
    String user = database.name() + "_user";
    sql(
        "CREATE ROLE " + user,
        "GRANT ALL ON SCHEMA public TO " + user,
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO " + user,
        "SET ROLE " + user);
    try {
      work.run(user);
    } finally {
      sql(
          "RESET ROLE",
          "REASSIGN OWNED BY %s TO current_user".formatted(user),
          "DROP OWNED BY " + user,
          "DROP ROLE " + user);
    }
  }

  private void asOwner(String user, String statement) throws SQLException {
    sql("RESET ROLE", statement, "SET ROLE " + user);
  }
}
