package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import attolytics.app.RunningService;
import attolytics.database.migration.DatabaseTables;
import attolytics.flush.transaction.FlushTrial;
import attolytics.flush.transaction.OutcomeLookup;
import attolytics.schema.Schema;
import attolytics.schema.yaml.SchemaFile;
import attolytics.settings.StartException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Servers that speak PostgreSQL's protocol and lack something of it, played by a schema whose
 * functions stand before those of {@code pg_catalog}.
 */
@Timeout(120)
class OtherServersIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns:
            - {name: i, type: i32}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  private static final String EVENT = "{\"_t\":\"t\",\"i\":1}";

  private TestDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestDatabase.create();
    database.execute("CREATE SCHEMA lacking");
  }

  @AfterEach
  void drop() throws SQLException {
    database.close();
  }

  /** Makes the server refuse to call a function of PostgreSQL's. */
  private void lack(String function, String returns, String state) throws SQLException {
    database.execute(
        "CREATE FUNCTION lacking.%s RETURNS %s LANGUAGE plpgsql AS $$ BEGIN"
                .formatted(function, returns)
            + " RAISE EXCEPTION 'not here' USING ERRCODE = '%s'; END $$".formatted(state));
  }

  private String url() {
    String options = "options=-c%20search_path%3Dpublic,lacking,pg_catalog";
    return database.url() + (database.url().contains("?") ? "&" : "?") + options;
  }

  @ParameterizedTest
  @CsvSource({
    "pg_current_wal_lsn(), pg_lsn, 55000", // Aurora
    "pg_current_wal_lsn(), pg_lsn, 42883", // YugabyteDB
    "pg_walfile_name(pg_lsn), text, 0A000",
    "pg_current_xact_id(), xid8, 42883",
    "pg_xact_status(xid8), text, 42883",
    "pg_stat_get_bgwriter_stat_reset_time(), timestamptz, 42501"
  })
  void start_onAServerThatCannotTellOfTransactions_servesAndWarns(
      String function, String returns, String state, @TempDir Path directory) throws Exception {
    lack(function, returns, state);
    FlushTrial trial = new FlushTrial(List.of());
    assertEquals(
        List.of(
            "the server does not tell what became of a transaction (SQLSTATE %s, not here): if the"
                    .formatted(state)
                + " connection is lost in a COMMIT, a request without an Idempotency-Key gets 504;"
                + " send requests with one"),
        warnings(directory, trial));
    assertEquals(OutcomeLookup.BY_KEY, trial.lookup());
    try (RunningService service = RunningService.startAt(url(), database, SCHEMA)) {
      assertEquals("ready\n", service.admin("/readyz"));
      assertEquals(200, service.post(EVENT).statusCode());
      assertEquals(200, service.post("key", EVENT).statusCode());
      assertEquals(200, service.post("key", EVENT).statusCode());
      assertEquals("2", service.query("SELECT count(*) FROM t"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "set_config(text, text, bool) | text | SELECT set_config( | not here",
        "make_interval(a int = 0, b int = 0, c int = 0, d int = 0, e int = 0, f int = 0,"
            + " secs float8 = 0) | interval | cannot claim an Idempotency-Key"
            + " | SQLSTATE 0A000, not here"
      })
  void start_onAServerThatLacksWhatEveryFlushNeeds_isRefusedWithItsWords(
      String function, String returns, String what, String words) throws Exception {
    lack(function, returns, "0A000");
    StartException refused =
        assertThrows(
            StartException.class, () -> RunningService.startAt(url(), database, SCHEMA).close());
    String problems = refused.problems().toString();
    assertTrue(problems.contains(what), problems);
    assertTrue(problems.contains(words), problems);
  }

  /** As where PL/pgSQL may not be used: only while a key is locked it makes a difference. */
  @Test
  void start_onAServerThatCannotSortOutLockedKeys_servesAndWarns(@TempDir Path directory)
      throws Exception {
    lack("cardinality(varchar[])", "int", "42501");
    assertEquals(
        List.of(
            "the server cannot tell which Idempotency-Keys are locked (SQLSTATE 42501, not"
                + " here): while one is, all requests with a key wait"),
        warnings(directory, new FlushTrial(List.of())));
    try (RunningService service = RunningService.startAt(url(), database, SCHEMA)) {
      assertEquals(200, service.post("key", EVENT).statusCode());
    }
  }

  /** Of a rehearsed start. */
  private List<String> warnings(Path directory, FlushTrial trial) throws Exception {
    Schema schema =
        SchemaFile.read(Files.writeString(directory.resolve("schema"), SCHEMA), Map.of());
    try (Connection connection = database.connect();
        Statement sql = connection.createStatement()) {
      sql.execute("SET search_path = public, lacking, pg_catalog");
      return DatabaseTables.rehearse(connection, schema, Instant.now(), trial).warnings();
    }
  }

  @Test
  void start_refusesATableThatTakesNoCopy() throws Exception {
    database.execute(
        "CREATE TABLE t (i INT4)",
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN RAISE EXCEPTION 'not here' USING ERRCODE = '0A000'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON t EXECUTE FUNCTION refuse()");
    StartException refused =
        assertThrows(
            StartException.class, () -> RunningService.startAt(url(), database, SCHEMA).close());
    assertEquals(
        List.of(
            "table t: writing no rows failed: SQLSTATE 0A000, not here; requests for it could not"
                + " be stored"),
        refused.problems());
  }

  /** It may pass, and other tables are none the worse. */
  @Test
  void start_warnsOfATableThatIsLocked() throws Exception {
    database.execute("CREATE TABLE t (i INT4)");
    try (Connection holder = database.connect();
        Statement lock = holder.createStatement()) {
      holder.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      try (RunningService service = RunningService.startAt(url(), database, SCHEMA)) {
        assertEquals("ready\n", service.admin("/readyz"));
        holder.rollback();
        assertEquals(200, service.post(EVENT).statusCode());
      }
    }
  }

  /** What is tried is undone, keys included. */
  @Test
  void start_leavesNothingBehind() throws Exception {
    try (RunningService service = RunningService.startAt(url(), database, SCHEMA)) {
      assertEquals("0", service.query("SELECT count(*) FROM attolytics_idempotency"));
    }
  }
}
