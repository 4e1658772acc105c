package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.TestDatabase;
import attolytics.app.CommandResult;
import attolytics.app.JarProcess;
import attolytics.embedded.EmbeddedDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code attolytics check}, and that a start comes to the same result. */
class CheckIT extends CommandDatabaseFixture {
  private static final String EXAMPLE = "schema-example.conf.yaml";

  @Test
  void check_printsTheSqlOfAStartAndChangesNothing() throws Exception {
    CommandResult result = check("--schema", EXAMPLE, "--db_url", database.url());

    assertEquals(0, result.exitCode(), result.err());
    assertEquals(List.of(), result.errors());
    assertTrue(result.out().contains("\n-- a start would create\nCREATE TABLE \"events\" ("));
    assertTrue(
        result.out().contains("\nCREATE INDEX ON \"events\" (\"event_type\");\n"), result.out());
    assertEquals(List.of(), relations());
    sql(result.out()); // all of it is SQL
    List<String> created = relations();
    assertTrue(created.contains("events"), created::toString);

    CommandResult again = check("--schema", EXAMPLE, "--db_url", database.url());
    assertEquals(0, again.exitCode(), again.err());
    assertTrue(again.out().endsWith("-- a start would create nothing\n"), again.out());
    assertEquals(0, start("--schema", EXAMPLE, "--db_url", database.url()).exitCode());
    assertEquals(created, relations());
  }

  @Test
  void check_tellsWarningsAndExits0() throws Exception {
    sql(
        "CREATE TABLE events (time timestamptz, referer text, platform text, version text,"
            + " user_id text, event_type text, score int4)");

    CommandResult result = check("--schema", EXAMPLE, "--db_url", database.url());

    assertEquals(0, result.exitCode(), result.err());
    assertEquals(
        4, result.out().lines().filter(line -> line.startsWith("-- warning: table \"ev")).count());
    assertTrue(result.out().contains("; CREATE INDEX CONCURRENTLY ON \"events\" (\"time\")"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE TABLE events (time date, extra int4 NOT NULL)",
        "CREATE VIEW events AS SELECT 1 AS score",
        "CREATE TYPE events AS ENUM ('x')",
        "ALTER DATABASE %s SET search_path = nowhere",
        "ALTER DATABASE %s SET default_transaction_read_only = on",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC; ALTER DATABASE %s SET role = pg_monitor",
        "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN RAISE 'not today'; END $$;"
            + " CREATE EVENT TRIGGER no ON ddl_command_end EXECUTE FUNCTION no()"
      })
  void check_exits1WithTheErrorsOfAStart(String setup) throws Exception {
    if (setup.contains("SET role") || setup.contains("EVENT TRIGGER")) {
      database.assumeSuperuser("change roles, or create an event trigger");
    }
    sql(setup.formatted(database.name()));

    CommandResult check = check("--schema", EXAMPLE, "--db_url", database.url());
    CommandResult start = start("--schema", EXAMPLE, "--db_url", database.url());

    assertEquals(1, check.exitCode());
    assertFalse(check.errors().isEmpty());
    assertEquals(start.errors(), check.errors());
    assertEquals(start.exitCode(), check.exitCode());
  }

  @Test
  void check_tellsAllProblemsOfTheSchemaFile() throws Exception {
    Path file =
        Files.writeString(directory.resolve("bad.yaml"), "tables: {t: {colums: []}}\nap: 1");

    CommandResult check = check("--schema", file.toString(), "--db_url", database.url());

    assertEquals(1, check.exitCode());
    assertEquals("", check.out());
    assertEquals(4, check.errors().size(), check.err());
    assertTrue(check.errors().get(0).startsWith("error: " + file + ":1:"), check.err());
    assertEquals(start("--schema", file.toString()).errors(), check.errors());
  }

  @Test
  void check_ofTheDocumentedBadFile_printsTheDocumentedErrors() throws Exception {
    Matcher readme =
        Pattern.compile("```yaml\n(tables:[^`]*)```\n\ngives\n\n```text\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("docs", "schema.md")));
    assertTrue(readme.find());
    Path file = Files.writeString(directory.resolve("schema.conf.yaml"), readme.group(1));

    CommandResult check = check("--schema", file.toString());

    assertEquals(1, check.exitCode());
    assertEquals(readme.group(2), check.err().replace(directory + "/", ""));
  }

  @Test
  void check_doesNotWaitForTheDatabase() throws Exception {
    CommandResult check = check("--schema", EXAMPLE, "--db_url", nowhere("me"), "--ack_timeout=1h");

    assertEquals(1, check.exitCode());
    assertEquals(1, check.errors().size());
    assertTrue(check.err().startsWith("error: no connection to the database "), check.err());
    assertTrue(check.err().contains("and whether PostgreSQL runs there"), check.err());
  }

  /**
   * A start has as much time, in several attempts: a slow machine must not be refused by either.
   */
  @Test
  void check_givesASlowLoginTheAckTimeout() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String url = "postgres://u@127.0.0.1:%d/d?socketTimeout=60".formatted(silent.getLocalPort());

      CommandResult check = check("--schema", EXAMPLE, "--db_url", url, "--ack_timeout=11s");

      assertEquals(1, check.exitCode());
      assertTrue(check.err().contains(": no login within 11 s, "), check.err());
    }
  }

  @Test
  void check_quiet_printsErrorsOnly() throws Exception {
    assertEquals(
        new CommandResult(0, "", ""), check("-q", "--schema", EXAMPLE, "--db_url", database.url()));
    sql("CREATE VIEW events AS SELECT 1");
    CommandResult refused = check("-q", "--schema", EXAMPLE, "--db_url", database.url());
    assertEquals("", refused.out());
    assertEquals(1, refused.errors().size());
  }

  @Test
  void check_ofANameWithALineBreak_staysSql() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("break.yaml"),
            "tables: {\"a\\nDROP\": {columns: [{name: \"x\\ny\"}]}}\n"
                + "apps: {\"b\\nDROP\": {secret_key: s, tables: [\"a\\nDROP\"]}}");

    CommandResult check = check("--schema", file.toString(), "--db_url", database.url());

    sql(check.out());
    assertEquals(List.of("a\nDROP"), relations());
  }

  /** The flag, then the environment, then the schema file, then the embedded one. */
  @Test
  void check_takesTheDatabaseThatAStartWouldTake() throws Exception {
    String example = Files.readString(Path.of(EXAMPLE));
    Path file = directory.resolve("schema.yaml");
    Files.writeString(file, "database_url: " + nowhere("file") + "\n" + example);
    String[] options = {"--schema=" + file, "--data_dir=" + directory.resolve("data")};
    Map<String, String> environment = Map.of("ATTOLYTICS_DB_URL", nowhere("environment"));

    assertTrue(check(environment, with(options, "-d", nowhere("flag"))).err().contains("//flag@"));
    assertTrue(check(environment, options).err().contains("//environment@"));
    assertTrue(check(Map.of(), options).err().contains("//file@"));
    Files.writeString(file, example);
    CommandResult embedded = check(Map.of(), options);
    assertEquals(0, embedded.exitCode(), embedded.err());
    assertTrue(embedded.out().contains("data: an embedded PostgreSQL"), embedded.out());
  }

  @Test
  void check_tellsABadUrlOfTheSchemaFileWithItsPlaceUnlessAnotherGoesBeforeIt() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("schema.yaml"),
            "database_url: mysql://u:s3cr3t@h\n" + Files.readString(Path.of(EXAMPLE)));

    CommandResult check = check("--schema=" + file);

    assertEquals(1, check.exitCode());
    assertTrue(check.err().startsWith("error: " + file + ":1:15: database_url: the"), check.err());
    assertFalse(check.err().contains("s3cr3t"), check.err());
    assertEquals(0, check("--schema=" + file, "--db_url=" + database.url()).exitCode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "postgres://u:s3cr3t@127.0.0.1:%s/d | no connection",
        "postgres://u:s3cr3t@127.0.0.1:%1$s,127.0.0.1:%1$s/d | no connection",
        "postgres://u:a%%20s3cr3t%%40@127.0.0.1:%s/d | no connection",
        "postgres://127.0.0.1:%s/d?user=u&password=s3cr3t | no connection",
        "postgres://u:s3cr3t@%%2Fno%%2Fsuch/d | cannot connect: no such file or directory",
        "postgres://u:s3cr3t@/d?host=/no/such | cannot connect: no such file or directory",
        "postgres://u:s3cr3t@no-such-host.invalid/d | unknown host no-such-host.invalid",
        "jdbc:postgresql://127.0.0.1:%s/d?user=u&password=s3cr3t | no connection"
      })
  void check_neverShowsThePasswordOfADatabaseThatIsNotThere(String url, String words)
      throws Exception {
    String nowhere = url.formatted(freePort());

    CommandResult check = check("-v", "--schema", EXAMPLE, "--db_url", nowhere);

    assertEquals(1, check.exitCode());
    assertTrue(check.errors().get(0).contains(words), check.err());
    assertTrue(check.err().contains("\tat attolytics."), "a stack trace under -v");
    assertFalse((check.out() + check.err()).contains("s3cr3t"), check.out() + check.err());
  }

  @Test
  void check_reportsAtOnceWhatWaitingDoesNotFix() throws Exception {
    String wrongPassword = database.url().replaceFirst(":[^:@]*@", ":s3cr3t@");
    String noDatabase = database.url().replace(database.name(), "nowhere");
    String parameter = database.url().contains("?") ? "&" : "?";

    for (List<String> each :
        List.of(
            List.of(wrongPassword, "password"),
            List.of(
                noDatabase, "\"nowhere\" does not exist; create it, or name another in --db_url"),
            List.of(database.url() + parameter + "options=-c%20nonsense=x", "\"nonsense\""),
            List.of(database.url() + parameter + "connectTimeout=x", "must be an integer"))) {
      CommandResult start = start("--schema", EXAMPLE, "--db_url", each.get(0), "--ack_timeout=1h");
      if (start.exitCode() == 0 && each.get(0).equals(wrongPassword)) {
        continue; // a server that trusts everybody
      }
      assertTrue(start.errors().get(0).contains(each.get(1)), start.err());
      assertEquals(start.errors(), check("--schema", EXAMPLE, "--db_url", each.get(0)).errors());
    }
  }

  // The embedded database

  @Test
  void check_withoutEmbeddedData_createsNone() throws Exception {
    Path data = directory.resolve("none/data");

    CommandResult check = check("--schema", EXAMPLE, "--data_dir", data.toString());

    assertEquals(0, check.exitCode(), check.err());
    assertTrue(check.out().contains(data + ": an embedded PostgreSQL, which a start creates"));
    assertTrue(check.out().contains("\nCREATE TABLE \"events\" ("), check.out());
    assertFalse(Files.exists(directory.resolve("none")));
  }

  /** A table that is to be distributed takes more than one machine. */
  @Test
  void check_withoutEmbeddedData_exits1WhereItWouldLackAnExtension() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("distributed.yaml"),
            "tables: {t: {distribute_by: x, columns: [{name: x, required: true}]}}\n"
                + "apps: {a: {secret_key: s, tables: [t]}}");
    String data = directory.resolve("none").toString();

    CommandResult check = check("--schema", file.toString(), "--data_dir", data);

    assertEquals(1, check.exitCode());
    assertEquals(1, check.errors().size());
    assertTrue(check.err().contains("table \"t\" is to be distributed"), check.err());
    assertTrue(check.out().contains("\n-- a start would be refused"), check.out());
    CommandResult migrate =
        CommandResult.of(Map.of(), "migrate", "--schema", file.toString(), "--data_dir", data);
    assertEquals(3, migrate.exitCode(), migrate.err());
    assertTrue(
        migrate.out().contains("-- left to do by hand: table \"t\" is to be"), migrate.out());
  }

  @Test
  void check_exits1WhereNoEmbeddedDataCouldBe() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    String[] options = {"--schema", EXAMPLE, "--data_dir", file.resolve("data").toString()};

    CommandResult check = check(options);

    assertEquals(1, check.exitCode());
    assertTrue(check.err().contains(file + " is not a directory; choose"), check.err());
  }

  @Test
  void check_looksIntoAnEmbeddedDatabaseWhetherItRunsOrNot() throws Exception {
    TestDatabase.assumeProgramsOfTheService();
    Path data = directory.resolve("data");
    String[] options = {"--schema", EXAMPLE, "--data_dir", data.toString()};
    try (EmbeddedDatabase embedded = EmbeddedDatabase.start(data)) {
      CommandResult running = check(options);
      assertEquals(0, running.exitCode(), running.err());
      assertTrue(running.out().contains("\nCREATE TABLE \"events\" ("), running.out());
      assertTrue(running.out().contains(":" + embedded.port() + "/"), running.out());
      assertTrue(EmbeddedDatabase.runningIn(data) != null, "left alone");
    }
    CommandResult stopped = check(options);
    assertEquals(0, stopped.exitCode(), stopped.err());
    assertTrue(stopped.out().contains("\nCREATE TABLE \"events\" ("), stopped.out());
    assertFalse(Files.exists(data.resolve("postgresql/postmaster.pid")), "stopped again");

    assertEquals(0, start(options).exitCode());
    CommandResult afterStart = check(options);
    assertTrue(afterStart.out().endsWith("-- a start would create nothing\n"), afterStart.out());
  }

  // The jar

  @Test
  void check_ofTheJar_readsTheEnvironmentToo() throws Exception {
    try (JarProcess process =
        JarProcess.start(
            Map.of("ATTOLYTICS_SCHEMA", EXAMPLE, "ATTOLYTICS_DB_URL", database.url()), "check")) {
      assertEquals(0, process.exitCode(), process.err());
      assertTrue(process.out().contains("\nCREATE TABLE \"events\" ("), process.out());
      assertEquals("", process.err());
      assertEquals(List.of(), relations());
    }
    sql("CREATE VIEW events AS SELECT 1");
    try (JarProcess process =
        JarProcess.start(
            Map.of("ATTOLYTICS_DB_URL", database.url()), "--schema", EXAMPLE, "check")) {
      assertEquals(1, process.exitCode());
      assertTrue(
          Pattern.compile("\\Aerror: instead of table \"events\" .*\\n\\z")
              .matcher(process.err())
              .find(),
          process.err());
    }
  }

  // Helpers

  private static CommandResult check(String... args) throws Exception {
    return check(Map.of(), args);
  }

  private static CommandResult check(Map<String, String> environment, String... args)
      throws Exception {
    return CommandResult.of(environment, with(args, "check"));
  }

  /** Starts the service on free ports and stops it again. */
  private static CommandResult start(String... args) throws Exception {
    return CommandResult.of(Map.of(), with(args, "--port=0", "--admin_port=0"));
  }

  private static String nowhere(String user) throws IOException {
    return "postgres://%s:s3cr3t@127.0.0.1:%d/d".formatted(user, freePort());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Tables and the like, other than indexes. */
  private List<String> relations() throws SQLException {
    return query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            + " AND relkind NOT IN ('i', 'I') AND relname NOT LIKE 'attolytics%'"
            + " ORDER BY 1");
  }
}
