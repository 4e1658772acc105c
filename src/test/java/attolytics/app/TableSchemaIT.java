package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Events for tables in schemas of their own, from the start of the service to replay. */
@Timeout(120)
class TableSchemaIT {
  private static final String SCHEMA =
      """
      tables:
        plain: {schema: "My Games", columns: [{name: n, type: i32}]}
        once:
          schema: "My Games"
          columns: [{name: id, type: uuid, required: true}]
          deduplicate_by: id
        timed:
          schema: "My Games"
          columns: [{name: at, type: timestamp, required: true}]
          partition_by: {column: at, interval: day}
        public: {columns: [{name: n, type: i32}]}
      apps: {a: {secret_key: sesame, tables: [plain, once, timed, public]}}
      """;

  private static final String ID = "11111111-1111-1111-1111-111111111111";

  @TempDir private Path directory;

  /** A plain COPY, one of a partitioned table, and both ways of deduplication. */
  @Test
  void events_areStoredInTheSchemasOfTheirTables() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      String events =
          "{\"_t\":\"plain\",\"n\":1},{\"_t\":\"once\",\"id\":\"%s\"},{\"_t\":\"timed\",\"at\":\"%s\"},{\"_t\":\"public\",\"n\":2}"
              .formatted(ID, Instant.now());
      assertEquals(200, service.post(events).statusCode());
      assertEquals(200, service.post(events).statusCode());

      assertEquals(
          "2 1 2 2",
          service.query(
              "SELECT concat_ws(' ', (SELECT count(*) FROM \"My Games\".plain),"
                  + " (SELECT count(*) FROM \"My Games\".once),"
                  + " (SELECT count(*) FROM \"My Games\".timed),"
                  + " (SELECT count(*) FROM public.public))"));
      assertEquals(
          "attolytics_idempotency, attolytics_quarantine, public",
          service.query(
              "SELECT string_agg(tablename, ', ' ORDER BY tablename) FROM pg_tables"
                  + " WHERE schemaname = 'public'"));
      assertEquals(1, service.metric("attolytics_duplicate_events_total{table=\"once\"}"));
      Eventually.await(() -> service.metric("attolytics_partitions{table=\"timed\"}") > 1);
    }
  }

  /** Which is written by INSERT, and says which row it was. */
  @Test
  void rowThatTheDatabaseRefuses_isNamed() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      service.execute("ALTER TABLE \"My Games\".plain ADD CHECK (n > 0)");
      service.execute("ALTER TABLE \"My Games\".once ADD CHECK (id <> '" + ID + "')");

      assertTrue(
          service
              .post("{\"_t\":\"plain\",\"n\":1},{\"_t\":\"plain\",\"n\":-1}")
              .body()
              .contains("\"pointer\":\"/events/1\",\"code\":\"refused_by_database\""));
      assertTrue(
          service
              .post("{\"_t\":\"plain\",\"n\":1},{\"_t\":\"once\",\"id\":\"" + ID + "\"}")
              .body()
              .contains("\"pointer\":\"/events/1\",\"code\":\"refused_by_database\""));
      assertEquals("0", service.query("SELECT count(*) FROM \"My Games\".plain"));
    }
  }

  @Test
  void reload_movesEventsToTheNewSchema() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      assertEquals(200, service.post("{\"_t\":\"plain\",\"n\":1}").statusCode());
      service.reload(SCHEMA.replace("My Games", "Other"));
      assertEquals(200, service.post("{\"_t\":\"plain\",\"n\":2}").statusCode());

      assertEquals(
          "1 2",
          service.query(
              "SELECT concat_ws(' ', (SELECT n FROM \"My Games\".plain),"
                  + " (SELECT n FROM \"Other\".plain))"));
    }
  }

  @Test
  void replay_storesEventsInTheSchema() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      try (RunningService service = RunningService.start(database, SCHEMA)) {
        HttpResponse<String> answer =
            service.send(
                service
                    .to("/apps/a/events")
                    .header("Content-Type", "application/json")
                    .header("Prefer", "handling=lenient")
                    .POST(
                        BodyPublishers.ofString(
                            "{\"secret_key\":\"sesame\",\"events\":[{\"_t\":\"plain\",\"n\":\"x\"},"
                                + "{\"_t\":\"plain\",\"m\":7}]}")));
        assertTrue(answer.body().contains("\"quarantined\":2"), answer.body());

        String withM = SCHEMA.replace("{name: n,", "{name: m, type: i32}, {name: n,");
        CommandResult migrated = command(database, withM, "migrate", "--apply");
        assertEquals(0, migrated.exitCode(), migrated.err());
        CommandResult replayed = command(database, withM, "replay");
        assertEquals(
            "stored: 1\nduplicates: 0\nleft: 1\n  type_mismatch: 1\n",
            replayed.out(),
            replayed.err());
        assertEquals("7", service.query("SELECT m FROM \"My Games\".plain"));
      }
    }
  }

  @Test
  void check_printsSqlThatCanBeRunBefore() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      CommandResult check = command(database, SCHEMA, "check");
      assertEquals(0, check.exitCode(), check.err());
      assertTrue(
          check.statements().contains("CREATE SCHEMA IF NOT EXISTS \"My Games\";"), check.out());

      try (Connection connection = database.connect();
          Statement sql = connection.createStatement()) {
        for (String statement : check.statements()) {
          sql.execute(statement);
        }
      }
      assertEquals(List.of(), command(database, SCHEMA, "check").statements());
    }
  }

  @Test
  void migrate_changesTheTableOfTheSchema() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      try (Connection connection = database.connect();
          Statement sql = connection.createStatement()) {
        sql.execute(
            "CREATE SCHEMA \"My Games\"; CREATE TABLE \"My Games\".t (a int4, s varchar(3), gone"
                + " text NOT NULL); INSERT INTO \"My Games\".t VALUES (1, 'abc', 'g')");
        String schema =
            """
            tables:
              t:
                schema: My Games
                columns:
                  - {name: a, type: i64, indexed: true}
                  - {name: s, max_length: 5}
                  - {name: id, type: i32, default: 0}
                deduplicate_by: id
            apps: {a: {secret_key: sesame, tables: [t]}}
            """;

        assertEquals(
            List.of(
                "ALTER TABLE \"My Games\".\"t\" ALTER COLUMN \"s\" TYPE VARCHAR(5);",
                "ALTER TABLE \"My Games\".\"t\" ADD COLUMN \"id\" INT4 DEFAULT '0';",
                "ALTER TABLE \"My Games\".\"t\" ALTER COLUMN \"gone\" DROP NOT NULL;",
                "ALTER TABLE \"My Games\".\"t\" ALTER COLUMN \"a\" TYPE INT8;",
                "CREATE UNIQUE INDEX CONCURRENTLY ON \"My Games\".t (\"id\");",
                "CREATE INDEX CONCURRENTLY ON \"My Games\".t (\"a\");"),
            command(database, schema, "migrate").statements().stream()
                .filter(statement -> !statement.contains("attolytics_"))
                .toList());
        CommandResult migrated = command(database, schema, "migrate", "--apply");
        assertEquals(0, migrated.exitCode(), migrated.err() + migrated.out());
        assertEquals(0, command(database, schema, "migrate").exitCode());
        assertEquals(0, command(database, schema, "check").exitCode());
        try (ResultSet row =
            sql.executeQuery("SELECT concat_ws(' ', a, s, id, gone) FROM \"My Games\".t")) {
          row.next();
          assertEquals("1 abc 0 g", row.getString(1));
        }
      }
    }
  }

  private CommandResult command(TestDatabase database, String schema, String... command)
      throws Exception {
    Path file = Files.writeString(directory.resolve("schema.yaml"), schema);
    String[] all = new String[command.length + 2];
    System.arraycopy(command, 0, all, 0, command.length);
    all[command.length] = "--schema=" + file;
    all[command.length + 1] = "--db_url=" + database.url();
    return CommandResult.of(Map.of(), all);
  }
}
