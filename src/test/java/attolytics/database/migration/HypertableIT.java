package attolytics.database.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.Sql;
import attolytics.TestDatabase;
import attolytics.app.RunningService;
import attolytics.database.Migration;
import attolytics.schema.Schema;
import attolytics.schema.yaml.SchemaFile;
import attolytics.settings.DatabaseUrl;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tables that TimescaleDB partitions. Where the server does not have it, a view of that name stands
 * for it, and only the SQL is compared.
 */
@Timeout(120)
class HypertableIT {
  private static final String T =
      """
      tables:
        t:
          columns:
            - {name: time, type: timestamp, required: true, indexed: brin}
            - {name: id, required: true, indexed: true}
            - {name: n, type: i64}
      apps: {a: {secret_key: sesame, tables: [t]}}
      """;

  private static final String UNIQUE =
      T.replace("  t:\n", "  t:\n    deduplicate_by: [id, time]\n");

  @TempDir Path directory;

  private TestDatabase database;
  private Connection connection;

  @BeforeEach
  void createDatabase() throws SQLException {
    database = TestDatabase.create();
    connection = database.connect();
  }

  @AfterEach
  void dropDatabase() throws SQLException {
    connection.close();
    database.close();
  }

  // The SQL, where a view stands for TimescaleDB's

  @Test
  void missingIndex_isBuiltChunkByChunk() throws Exception {
    fake();

    assertEquals(
        List.of(
            "CREATE INDEX ON t USING brin (\"time\") WITH (timescaledb.transaction_per_chunk)",
            "CREATE INDEX ON t (\"id\") WITH (timescaledb.transaction_per_chunk)"),
        statements(T));
    assertTrue(
        DatabaseTables.rehearse(connection, schema(T)).warnings().stream()
            .anyMatch(each -> each.endsWith("(\"id\") WITH (timescaledb.transaction_per_chunk)")));
  }

  @Test
  void indexThatAnInterruptedBuildLeft_isDroppedBefore() throws Exception {
    fake();
    database.assumeSuperuser("change pg_index");
    sql("CREATE INDEX ON t (id)", "CREATE INDEX ON t USING brin (time)");
    sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_id_idx'::regclass");

    assertEquals(
        List.of(
            "DROP INDEX t_id_idx",
            "CREATE INDEX ON t (\"id\") WITH (timescaledb.transaction_per_chunk)"),
        statements(T));
  }

  @Test
  void uniqueIndex_isBuiltAtOnce_withItsCostNoted() throws Exception {
    fake();

    Migration.Step step =
        DatabaseTables.migration(connection, schema(UNIQUE), Instant.now()).steps().stream()
            .filter(each -> each.toString().contains("UNIQUE"))
            .findFirst()
            .get();

    assertEquals("CREATE UNIQUE INDEX ON t (\"id\", \"time\")", step.toString());
    assertEquals(false, step.concurrent());
    assertTrue(String.valueOf(step.note()).startsWith("requests for the table wait"));
  }

  @Test
  void deduplicateBy_withoutTheTime_isAProblem() throws Exception {
    fake();
    String schema = UNIQUE.replace("[id, time]", "[id]");

    assertEquals(
        List.of(
            "table \"t\" is a hypertable, whose unique indexes have to contain time; add it to"
                + " deduplicate_by"),
        DatabaseTables.rehearse(connection, schema(schema)).problems());
  }

  @Test
  void timeThatIsNotRequired_isLeftToTheSchemaFile() throws Exception {
    fake();
    String schema = T.replace("timestamp, required: true", "timestamp");

    Migration migration = DatabaseTables.migration(connection, schema(schema), Instant.now());

    assertEquals(
        List.of(
            "table \"t\", column \"time\" is NOT NULL, as TimescaleDB partitions the table by it, but"
                + " not required by the schema file; add `required: true` there"),
        migration.left());
  }

  private void fake() throws SQLException {
    sql(
        "CREATE TABLE t (time timestamptz NOT NULL, id text NOT NULL, n int8)",
        "CREATE SCHEMA timescaledb_information",
        "CREATE VIEW timescaledb_information.dimensions AS SELECT 'public'::name AS hypertable_schema,"
            + " 't'::name AS hypertable_name, 1 AS dimension_number, 'time'::name AS column_name");
  }

  // With TimescaleDB

  @Test
  void migration_runs_andEventsAreStored() throws Exception {
    createHypertable();
    sql("INSERT INTO t SELECT now() - i * interval '1 day', i, i FROM generate_series(1, 30) i");

    String schema = UNIQUE.replace("type: i64", "type: i64, indexed: brin");
    assertEquals(List.of(), migrate(schema));

    assertEquals(
        List.of("brin n", "btree id", "btree time"),
        query(
            "SELECT DISTINCT amname || ' ' || attname FROM pg_index"
                + " JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam"
                + " JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
                + " WHERE indrelid = 't'::regclass AND indisvalid ORDER BY 1"));
    assertEquals(List.of(), statements(schema));
    try (RunningService service = RunningService.start(database, schema)) {
      String event = "{\"_t\":\"t\",\"time\":\"2026-01-01T00:00:00Z\",\"id\":\"x\",\"n\":%d}";
      for (int n = 1; n <= 2; n++) {
        HttpResponse<String> answer = service.post(event.formatted(n));
        assertEquals(200, answer.statusCode(), answer.body());
      }
      HttpResponse<String> answer =
          service.post("{\"_t\":\"t\",\"time\":\"2026-01-01T00:00:00Z\"}");
      assertEquals(400, answer.statusCode(), answer.body());
      assertEquals("1", service.query("SELECT n FROM t WHERE id = 'x'"));
    }
  }

  @Test
  void indexThatAnInterruptedBuildLeft_isBuiltAgain() throws Exception {
    createHypertable();
    assertEquals(List.of(), migrate(T));
    sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_id_idx'::regclass");

    assertEquals(List.of(), migrate(T));

    assertEquals(
        List.of("t"),
        query(
            "SELECT indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname = 't_id_idx'"));
  }

  @Test
  void stepThatCompressionForbids_isReported_andTheOthersAreRun() throws Exception {
    createHypertable();
    sql("INSERT INTO t SELECT now() - i * interval '1 day', i, i FROM generate_series(1, 30) i");
    sql("ALTER TABLE t ALTER COLUMN n TYPE int4");
    try {
      sql(
          "ALTER TABLE t SET (timescaledb.compress)",
          "SELECT compress_chunk(c) FROM show_chunks('t') c");
    } catch (SQLException e) {
      assumeTrue(false, "needs the Community edition: " + e.getMessage());
    }

    List<String> failures = migrate(T.replace("{name: n,", "{name: more}\n      - {name: n,"));

    assertEquals(1, failures.size(), failures::toString);
    assertTrue(
        failures.get(0).contains("ALTER TABLE \"t\" ALTER COLUMN \"n\" TYPE INT8: "),
        failures::toString);
    assertEquals(List.of("ALTER TABLE \"t\" ALTER COLUMN \"n\" TYPE INT8"), statements(T));
  }

  private void createHypertable() throws SQLException {
    assumeTrue(
        !query("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'").isEmpty(),
        "the server has no TimescaleDB");
    sql(
        "CREATE EXTENSION timescaledb",
        "CREATE TABLE t (time timestamptz NOT NULL, id text NOT NULL, n int8)",
        "SELECT create_hypertable('t', 'time')");
  }

  // Helpers

  private Schema schema(String yaml) throws Exception {
    return SchemaFile.read(Files.writeString(directory.resolve("schema.yaml"), yaml), Map.of());
  }

  /** Of a migration, for the table. */
  private List<String> statements(String yaml) throws Exception {
    return DatabaseTables.migration(connection, schema(yaml), Instant.now()).steps().stream()
        .map(Migration.Step::toString)
        .filter(statement -> !statement.contains("attolytics_"))
        .toList();
  }

  /** Applies a migration, and returns what has failed. */
  private List<String> migrate(String yaml) throws Exception {
    return Migrator.apply(
            DatabaseUrl.parse(database.url()),
            schema(yaml),
            Duration.ofSeconds(30),
            InstantSource.system(),
            new CountDownLatch(1),
            () -> {})
        .failures();
  }

  private void sql(String... statements) throws SQLException {
    Sql.execute(connection, statements);
  }

  private List<String> query(String query) throws SQLException {
    return Sql.rows(connection, query);
  }
}
