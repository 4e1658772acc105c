package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.app.CommandResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code attolytics migrate}, and {@code --migrate} at a start. */
class MigrateIT extends MigrateFixture {
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
    assertEquals(1, failed.errors().size(), failed.err());
    assertTrue(
        failed.errors().get(0).startsWith("error: the database could not be migrated: " + refused),
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

  /** A start runs the steps that its user may run, and is refused for the others. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{name: x}, {name: added}] | 1",
        "{name: x, required: true}], deduplicate_by: x | 1",
        "{name: x, indexed: true}] | 0"
      })
  void check_withMigrate_ofATableOfAnotherUser_comesToTheResultOfAStart(
      String columns, int exitCode) throws Exception {
    database.assumeSuperuser("create a role");
    String user = database.name() + "_user";
    sql("CREATE TABLE t (x text)");
    sql("CREATE ROLE " + user + "; GRANT ALL ON SCHEMA public TO " + user);
    String yaml =
        "tables: {t: {columns: [" + columns + "}}\napps: {a: {secret_key: s, tables: [t]}}";
    String[] options = {
      "--schema=" + file(yaml), "--db_url=" + database.url(), "--port=0", "--admin_port=0"
    };
    try {
      sql("GRANT ALL ON t TO " + user);
      sql("ALTER DATABASE " + database.name() + " SET role = " + user);
      CommandResult check = CommandResult.of(Map.of(), with(options, "check", "--migrate"));
      CommandResult start = CommandResult.of(Map.of(), with(options, "--migrate"));
      assertEquals(exitCode, start.exitCode(), start.err());
      assertEquals(start.exitCode(), check.exitCode(), check.out());
      assertEquals(start.errors(), check.errors());
      assertTrue(
          check.out().contains("-- note: table \"t\": the user " + user + " does not own it"),
          check.out());
    } finally {
      sql("SET ROLE NONE; DROP OWNED BY " + user + "; DROP ROLE " + user);
    }
  }

  /** A step of one table does not keep the others from being tried. */
  @Test
  void check_withMigrate_triesWhatNoStepChanges() throws Exception {
    sql("CREATE TABLE t (time timestamptz)");
    sql("CREATE TABLE fresh (x text); CREATE INDEX ON fresh (x)");
    sql(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            + " RAISE 'not today' USING ERRCODE = '42501'; END $$",
        "CREATE TRIGGER no BEFORE INSERT ON fresh EXECUTE FUNCTION no()");
    String[] options = {
      "--schema=" + file(SCHEMA), "--db_url=" + database.url(), "--port=0", "--admin_port=0"
    };

    CommandResult check = CommandResult.of(Map.of(), with(options, "check", "--migrate"));
    CommandResult start = CommandResult.of(Map.of(), with(options, "--migrate"));

    assertTrue(check.statements().stream().anyMatch(s -> s.contains("ADD COLUMN")), check.out());
    assertEquals(1, check.exitCode(), check.out());
    assertTrue(check.errors().get(0).contains("not today"), check.err());
    assertEquals(start.errors(), check.errors());
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
    assertEquals(
        "0",
        database.value(
            "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid"));
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
    assertEquals(check.errors(), start.errors());
    assertEquals(1, start.errors().size(), start.err());
  }
}
