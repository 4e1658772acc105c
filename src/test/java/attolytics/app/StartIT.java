package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.Eventually;
import attolytics.Sql;
import attolytics.TestDatabase;
import attolytics.embedded.EmbeddedDatabase;
import attolytics.settings.DatabaseUrl;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the jar starts, and how it does not. */
@Timeout(180)
class StartIT {
  private static final String SCHEMA = "--schema=schema-example.conf.yaml";

  /** With all that URLs, logs and shells trip over. */
  private static final String PASSWORD = "p w@s3cr3t:/?%'\"$&=";

  @TempDir Path directory;

  // A database of the user's

  @Test
  void start_ofFourInstancesAtOnceOnAnEmptyDatabase_failsNone() throws Exception {
    List<JarProcess> instances = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create()) {
      Map<String, String> environment = Map.of("ATTOLYTICS_DB_URL", database.url());
      for (int i = 0; i < 4; i++) {
        instances.add(JarProcess.start(environment, SCHEMA, "--port=0", "--admin_port=0"));
      }
      int creators = 0;
      for (JarProcess instance : instances) {
        assertEquals(200, instance.post());
        creators += instance.err().contains("created: CREATE TABLE \"events\"") ? 1 : 0;
      }
      assertEquals(1, creators);
      for (JarProcess instance : instances) {
        assertEquals(0, instance.stop(), instance.err());
      }
      assertEquals("4", database.value("SELECT count(*) FROM events"));
      assertEquals(
          "4", database.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'events'"));
    } finally {
      for (JarProcess instance : instances) {
        instance.close();
      }
    }
  }

  @Test
  void start_waitsForTheDatabaseAndReadyzSaysSo() throws Exception {
    try (TestDatabase database = TestDatabase.create();
        Role role = new Role(database, "CONNECTION LIMIT 0");
        JarProcess process =
            JarProcess.start(
                Map.of("ATTOLYTICS_DB_URL", role.url()),
                SCHEMA,
                "--port=0",
                "--admin_port=0",
                "--ack_timeout=10m")) {
      process.await(
          Pattern.compile("WARN .* waiting up to 600 s for the database .*too many connections"));
      String waiting = process.admin("/readyz");
      assertTrue(
          waiting.startsWith("503 not ready: starting: waiting for the database ("), waiting);
      assertEquals("200 alive\n", process.admin("/healthz"));

      role.alter("CONNECTION LIMIT -1");

      assertEquals(200, process.post());
      assertEquals("200 ready\n", process.admin("/readyz"));
      assertEquals(0, process.stop(), process.err());
    }
  }

  @Test
  void sigterm_whileWaitingForTheDatabase_exits0() throws Exception {
    try (JarProcess process =
        JarProcess.start(
            Map.of(),
            SCHEMA,
            "--admin_port=0",
            "--ack_timeout=10m",
            "--db_url=postgres://me@127.0.0.1:" + freePort() + "/x")) {
      process.await(Pattern.compile("WARN .* waiting up to 600 s for the database .*refused"));
      assertEquals(0, process.stop(), process.err());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-v", "-vv", "-q"})
  void password_isNeverShown(String flag) throws Exception {
    try (TestDatabase database = TestDatabase.create();
        Role role = new Role(database, "");
        JarProcess process =
            JarProcess.start(
                Map.of(
                    "ATTOLYTICS_DB_URL", role.url() + "&sslpassword=" + encode(PASSWORD),
                    "ATTOLYTICS_VERBOSE", flag.startsWith("-v") ? "" + (flag.length() - 1) : "",
                    "ATTOLYTICS_QUIET", flag.equals("-q") ? "1" : ""),
                SCHEMA,
                "--ack_timeout=5s",
                "--port=" + freePort(),
                "--admin_port=" + freePort())) {
      if (flag.equals("-q")) {
        role.awaitConnection();
        process.stop();
        assertEquals("", process.err() + process.out());
        return;
      }
      assertEquals(200, process.post());
      role.drop(); // so that there are errors to log too
      process.post();
      process.stop();
      String log = process.out() + process.err();
      assertFalse(log.contains("s3cr3t"), log);
    }
  }

  @Test
  void quiet_printsErrorsOnly() throws Exception {
    try (JarProcess process =
        JarProcess.start(
            Map.of(),
            "-q",
            SCHEMA,
            "--admin_port=0",
            "--ack_timeout=1s",
            "--db_url=postgres://me@127.0.0.1:" + freePort() + "/x")) {
      assertEquals(1, process.exitCode());
      assertTrue(Pattern.matches("error: no connection .*\\n", process.err()), process.err());
    }
  }

  @Test
  void portInUse_exits1() throws Exception {
    InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    try (TestDatabase database = TestDatabase.create();
        ServerSocket taken = new ServerSocket(0, 1, loopback);
        JarProcess process =
            JarProcess.start(
                Map.of("ATTOLYTICS_DB_URL", database.url()),
                SCHEMA,
                "--admin_port=0",
                "--host=127.0.0.1",
                "--port=" + taken.getLocalPort())) {
      assertEquals(1, process.exitCode());
      String error =
          "error: cannot listen on 127.0.0.1:%d: Address already in use; choose another by --host"
              + " and --port, or ATTOLYTICS_HOST and ATTOLYTICS_PORT";
      assertTrue(process.err().contains(error.formatted(taken.getLocalPort())), process.err());
      assertFalse(process.err().contains("\tat "), process.err());
    }
  }

  // The embedded database

  @Test
  void kill9_leavesTheEmbeddedDatabaseToTheNextStart() throws Exception {
    try (JarProcess killed = startEmbedded()) {
      assertEquals(200, killed.post());
      killed.kill();
    }
    ProcessHandle server = server();
    assertTrue(server.isAlive(), "outlives the service");
    try (JarProcess next = startEmbedded()) {
      assertEquals(200, next.post());
      assertTrue(next.err().contains("took over the running embedded PostgreSQL"), next.err());
      assertEquals("2", queryEmbedded());
      assertEquals(0, next.stop(), next.err());
      server.onExit().get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void kill9_ofTheEmbeddedDatabaseToo_isRecoveredFromByTheNextStart() throws Exception {
    try (JarProcess killed = startEmbedded()) {
      assertEquals(200, killed.post());
      killed.kill();
      server().destroyForcibly();
      server().onExit().get(60, TimeUnit.SECONDS);
    }
    try (JarProcess next = startEmbedded()) {
      assertEquals(200, next.post());
      assertTrue(
          next.err().contains("PostgreSQL was not shut down properly and performs a crash rec"),
          next.err());
      assertEquals("2", queryEmbedded());
      assertEquals(0, next.stop(), next.err());
    }
  }

  @Test
  void start_onTheDataOfARunningInstance_isRefusedAndHarmsNobody() throws Exception {
    try (JarProcess first = startEmbedded()) {
      assertEquals(200, first.post());
      try (JarProcess second = startEmbedded()) {
        assertEquals(1, second.exitCode());
        String error = "data is in use by another instance, process " + first.pid() + ": stop that";
        assertTrue(second.err().contains(error), second.err());
      }
      assertEquals(200, first.post());
      assertEquals(0, first.stop(), first.err());
    }
  }

  @Test
  void start_asAPlainUser_keepsAnEmbeddedDatabase() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to be another user");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path jar = Files.copy(JarProcess.JAR, directory.resolve("attolytics.jar"));
    Path schema = Files.copy(Path.of(SCHEMA.substring(9)), directory.resolve("schema.yaml"));
    List<String> nobody = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
    String[] options = {
      "--schema=" + schema, "--port=0", "--admin_port=0", "--data_dir=" + directory.resolve("data")
    };

    for (String[] args : List.of(options, with(options, "check"))) {
      try (JarProcess refused = JarProcess.start(nobody, jar, Map.of(), args)) {
        assertEquals(1, refused.exitCode());
        assertTrue(
            refused.err().contains("PostgreSQL: no permission for " + directory), refused.err());
        assertTrue(refused.err().contains("a directory that this user can write"), refused.err());
      }
    }
    Path closed = Files.copy(schema, directory.resolve("closed.yaml"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rw-------"));
    try (JarProcess refused = JarProcess.start(nobody, jar, Map.of(), "-s", closed.toString())) {
      assertEquals(1, refused.exitCode());
      assertTrue(refused.err().contains("cannot be read: permission denied"), refused.err());
    }
    Files.createDirectory(directory.resolve("data"));
    Files.setAttribute(directory.resolve("data"), "unix:uid", 65_534);
    try (JarProcess process = JarProcess.start(nobody, jar, Map.of(), options)) {
      assertEquals(200, process.post());
      assertEquals(0, process.stop(), process.err());
    }
    assertEquals(65_534, Files.getAttribute(directory.resolve("data/postgresql"), "unix:uid"));
  }

  private JarProcess startEmbedded() throws IOException {
    return JarProcess.start(
        Map.of(), SCHEMA, "--port=0", "--admin_port=0", "--data_dir=" + directory.resolve("data"));
  }

  private ProcessHandle server() throws IOException {
    Path file = directory.resolve("data/postgresql/postmaster.pid");
    return ProcessHandle.of(Long.parseLong(Files.readAllLines(file).get(0))).orElseThrow();
  }

  private String queryEmbedded() throws Exception {
    DatabaseUrl url = EmbeddedDatabase.runningIn(directory.resolve("data"));
    assertTrue(url != null, "runs");
    try (Connection connection = DriverManager.getConnection(url.jdbcUrl(), url.properties())) {
      return Sql.value(connection, "SELECT count(*) FROM events");
    }
  }

  // Helpers

  /** A user of the database with {@link #PASSWORD}, who may create tables. */
  private static final class Role implements AutoCloseable {
    private final TestDatabase database;
    private final String name;

    Role(TestDatabase database, String options) throws SQLException {
      this.database = database;
      this.name = "writer_" + database.name();
      database.assumeSuperuser("create a role");
      database.execute(
          "CREATE ROLE %s LOGIN PASSWORD '%s' %s"
              .formatted(name, PASSWORD.replace("'", "''"), options),
          "GRANT CREATE ON SCHEMA public TO " + name);
    }

    String url() {
      return "postgres://%s:%s@%s:%d/%s?ApplicationName=%s"
          .formatted(
              name, encode(PASSWORD), database.host(), database.port(), database.name(), name);
    }

    void alter(String options) throws SQLException {
      database.execute("ALTER ROLE " + name + " " + options);
    }

    void awaitConnection() throws Exception {
      String count =
          "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + name + "'";
      Eventually.await(() -> !database.value(count).equals("0"));
    }

    /** Ends its connections too. */
    void drop() throws SQLException {
      database.execute(
          "ALTER ROLE " + name + " NOLOGIN",
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + name + "'");
    }

    @Override
    public void close() throws SQLException {
      database.execute("DROP OWNED BY " + name, "DROP ROLE " + name);
    }
  }

  private static String[] with(String[] args, String last) {
    List<String> all = new ArrayList<>(List.of(args));
    all.add(last);
    return all.toArray(String[]::new);
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
