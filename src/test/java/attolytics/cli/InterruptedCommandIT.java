package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.TestDatabase;
import attolytics.app.JarProcess;
import attolytics.database.migration.DatabaseTables;
import attolytics.embedded.EmbeddedDatabase;
import attolytics.schema.yaml.SchemaFile;
import attolytics.settings.DatabaseUrl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A signal ends a command, together with the embedded PostgreSQL that it has started. */
@Timeout(180)
@DisabledOnOs(OS.WINDOWS)
class InterruptedCommandIT {
  private static final int SIGTERM = 128 + 15;

  @TempDir Path directory;
  private Path data;

  /** Each command that is to create a table sleeps instead. */
  @BeforeEach
  void createData() throws Exception {
    TestDatabase.assumeProgramsOfTheService();
    data = directory.resolve("data");
    Path schema =
        Files.writeString(
            directory.resolve("own.yaml"),
            "tables: {t: {columns: [{name: x}]}}\napps: {a: {secret_key: s, tables: [t]}}");
    try (EmbeddedDatabase embedded = EmbeddedDatabase.start(data);
        Connection connection = connect(embedded.url());
        Statement sql = connection.createStatement()) {
      DatabaseTables.prepare(connection, SchemaFile.read(schema, Map.of()));
      sql.execute(
          "CREATE FUNCTION sleep() RETURNS event_trigger LANGUAGE plpgsql AS"
              + " $$ BEGIN PERFORM pg_sleep(600); END $$;"
              + " CREATE EVENT TRIGGER sleep ON ddl_command_start EXECUTE FUNCTION sleep()");
    }
    assertFalse(isRunning());
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "migrate --apply", "replay"})
  void sigterm_stopsTheServerThatTheCommandHasStarted(String command) throws Exception {
    try (JarProcess process = start(command)) {
      awaitSleep();
      assertEquals(SIGTERM, process.stop(), process.err());
    }
    assertFalse(isRunning());
  }

  @Test
  void sigterm_whileTheServerStarts_stopsIt() throws Exception {
    Path recovers = directory.resolve("recovers");
    Files.createFile(data.resolve("postgresql/recovery.signal"));
    Files.writeString(
        data.resolve("postgresql/postgresql.auto.conf"),
        "restore_command = 'touch \"" + recovers + "\"; sleep 600'\n");
    try (JarProcess process = start("check")) {
      Eventually.await(() -> Files.exists(recovers));
      assertEquals(SIGTERM, process.stop(), process.err());
    }
    assertFalse(isRunning());
  }

  @Test
  void sigterm_leavesTheServerOfAnotherProcessAlone() throws Exception {
    try (EmbeddedDatabase other = EmbeddedDatabase.start(data);
        JarProcess process = start("check")) {
      awaitSleep();
      assertEquals(SIGTERM, process.stop(), process.err());
      assertTrue(isRunning());
      assertEquals(other.url(), EmbeddedDatabase.runningIn(data));
    }
  }

  private JarProcess start(String command) throws Exception {
    String[] options = {"--schema=schema-example.conf.yaml", "--data_dir=" + data};
    return JarProcess.start(Map.of(), CommandDatabaseFixture.with(options, command.split(" ")));
  }

  private boolean isRunning() {
    return Files.exists(data.resolve("postgresql/postmaster.pid"));
  }

  private void awaitSleep() throws Exception {
    Eventually.await(
        () -> {
          DatabaseUrl url = EmbeddedDatabase.runningIn(data);
          return url != null && sleeps(url);
        });
  }

  private static boolean sleeps(DatabaseUrl url) throws Exception {
    try (Connection connection = connect(url);
        Statement sql = connection.createStatement();
        ResultSet row =
            sql.executeQuery("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")) {
      return row.next();
    }
  }

  private static Connection connect(DatabaseUrl url) throws Exception {
    return DriverManager.getConnection(url.jdbcUrl(), url.properties());
  }
}
