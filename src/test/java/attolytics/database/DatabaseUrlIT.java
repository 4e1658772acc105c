package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.app.JarProcess;
import attolytics.embedded.PostgresPrograms;
import attolytics.settings.DatabaseUrl;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a server that listens on a Unix socket only: that of the embedded programs. */
@Timeout(120)
class DatabaseUrlIT {
  /** Short, as a socket's path has 107 bytes at most. */
  @TempDir static Path directory;

  private static PostgresPrograms programs;
  private static Path data;

  @BeforeAll
  static void startServer() throws Exception {
    assumeTrue(!System.getProperty("os.name").startsWith("Windows"), "needs Unix sockets");
    programs = PostgresPrograms.in(directory.resolve("programs"), PostgresPrograms.accounts());
    data = directory.resolve("data");
    run("initdb", List.of("-D", data.toString(), "-U", "tester", "-A", "trust", "--no-locale"));
    run(
        "pg_ctl",
        List.of(
            "start",
            "--wait",
            "-D",
            data.toString(),
            "-l",
            directory.resolve("log").toString(),
            "-o",
            "-p 54321 -c listen_addresses='' -c unix_socket_directories='" + directory + "'"));
  }

  @AfterAll
  static void stopServer() throws Exception {
    if (data != null && Files.exists(data.resolve("postmaster.pid"))) {
      run("pg_ctl", List.of("stop", "--wait", "-m", "immediate", "-D", data.toString()));
    }
  }

  @Test
  void parse_ofAPercentEncodedHostConnectsToTheUnixSocket() throws Exception {
    assertConnects(
        "postgres://tester@"
            + directory.toString().replace("/", "%2F")
            + ":54321/postgres?sslmode=require");
  }

  @Test
  void parse_ofAHostParameterConnectsToTheUnixSocket() throws Exception {
    assertConnects("postgres://tester@/postgres?port=54321&host=" + directory);
  }

  /** Alone: the class path of the tests has the same classes from other jars too. */
  @Test
  void parse_connectsToTheUnixSocketFromTheRunnableJar() throws Exception {
    Path jar = Path.of("target/attolytics.jar");
    assumeTrue(Files.exists(jar), "needs the runnable jar: mvn verify");
    Path tests =
        Path.of(DatabaseUrlIT.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                jar + File.pathSeparator + tests,
                Client.class.getName(),
                "postgres://tester@/postgres?port=54321&host=" + directory)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(output.contains("connected as tester"), output);
    assertEquals(0, process.waitFor());
  }

  @Test
  void service_writesThroughAUnixSocket() throws Exception {
    String url =
        "postgres://tester@" + directory.toString().replace("/", "%2F") + ":54321/postgres";
    try (JarProcess process =
        JarProcess.start(
            Map.of("ATTOLYTICS_DB_URL", url),
            "--schema=schema-example.conf.yaml",
            "--port=0",
            "--admin_port=0")) {
      assertEquals(200, process.post());
      assertEquals(0, process.stop(), process.err());
    }
  }

  /** Connects, in a process of its own. */
  static final class Client {
    private Client() {}

    public static void main(String[] args) throws SQLException {
      DatabaseUrl url = DatabaseUrl.parse(args[0]);
      try (Connection connection = DriverManager.getConnection(url.jdbcUrl(), url.properties())) {
        System.out.println("connected as " + connection.getMetaData().getUserName());
      }
    }
  }

  private static void assertConnects(String text) throws Exception {
    DatabaseUrl url = DatabaseUrl.parse(text + "&application_name=its%20name");
    try (Connection connection = DriverManager.getConnection(url.jdbcUrl(), url.properties());
        Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery(
                "SELECT inet_client_addr(), application_name, usename"
                    + " FROM pg_stat_activity WHERE pid = pg_backend_pid()")) {
      assertTrue(result.next());
      assertEquals(null, result.getString(1), "no address: not by TCP");
      assertEquals("its name", result.getString(2));
      assertEquals("tester", result.getString(3));
    }
  }

  private static void run(String program, List<String> arguments)
      throws IOException, InterruptedException {
    PostgresPrograms.Outcome outcome = programs.run(program, arguments);
    assertTrue(outcome.succeeded(), outcome.output());
  }
}
