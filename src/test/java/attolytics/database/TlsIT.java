package attolytics.database;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.deploy.Certificate;
import attolytics.embedded.PostgresPrograms;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** Against a server of the embedded programs whose certificate is for 127.0.0.1 alone. */
@Timeout(120)
class TlsIT {
  /** Longer than the test may take: who waits for what does not pass fails. */
  private static final Duration LONG = Duration.ofMinutes(10);

  @TempDir static Path directory;

  private static PostgresPrograms programs;
  private static Path data;
  private static int port;

  @BeforeAll
  static void startServer() throws Exception {
    assumeTrue(!System.getProperty("os.name").startsWith("Windows"), "needs POSIX permissions");
    Certificate.selfSigned(Files.createDirectory(directory.resolve("own")));
    Certificate.selfSigned(Files.createDirectory(directory.resolve("other")));
    programs = PostgresPrograms.in(directory.resolve("programs"), PostgresPrograms.accounts());
    data = directory.resolve("data");
    run("initdb", List.of("-D", data.toString(), "-U", "tester", "-A", "trust", "--no-locale"));
    give("server.crt", "own/fullchain.pem");
    give("server.key", "own/privkey.pem");
    Files.writeString(
        data.resolve("pg_hba.conf"),
        "hostnossl all all all reject\nhostssl all all all trust\n",
        StandardOpenOption.TRUNCATE_EXISTING);
    port = freePort();
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
            "-p %d -c ssl=on -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
                .formatted(port)));
  }

  /** As a file of the server's, whose account may be another. */
  private static void give(String name, String from) throws IOException {
    Path file = Files.copy(directory.resolve(from), data.resolve(name));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    if ("root".equals(System.getProperty("user.name"))) {
      Files.setAttribute(file, "unix:uid", Files.getAttribute(data, "unix:uid"));
    }
  }

  @AfterAll
  static void stopServer() throws Exception {
    if (data != null && Files.exists(data.resolve("postmaster.pid"))) {
      run("pg_ctl", List.of("stop", "--wait", "-m", "immediate", "-D", data.toString()));
    }
  }

  private static DatabaseUrl url(String host, String parameters) {
    return DatabaseUrl.parse(
        "postgres://tester@%s:%d/postgres?%s"
            .formatted(host, port, parameters.replace("DIR", directory.toString())));
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, sslmode=require",
    "localhost, sslmode=require&sslrootcert=DIR/own/fullchain.pem",
    "localhost, sslmode=verify-ca&sslrootcert=DIR/own/fullchain.pem",
    "127.0.0.1, sslmode=verify-full&sslrootcert=DIR/own/fullchain.pem"
  })
  void connection_isEncrypted(String host, String parameters) throws Exception {
    try (Connection connection = Connector.connect(url(host, parameters), LONG);
        Statement sql = connection.createStatement();
        ResultSet row =
            sql.executeQuery("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")) {
      row.next();
      assertTrue(row.getBoolean(1));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, sslmode=require&sslrootcert=DIR/other/fullchain.pem",
    "127.0.0.1, sslmode=verify-ca&sslrootcert=DIR/other/fullchain.pem",
    "localhost, sslmode=verify-full&sslrootcert=DIR/own/fullchain.pem",
    "127.0.0.1, sslrootcert=system",
    "127.0.0.1, sslmode=verify-full&sslrootcert=system",
    "127.0.0.1, sslmode=require&sslrootcert=DIR/missing.pem",
    "127.0.0.1, sslmode=verify-full&sslrootcert=DIR/own",
    "127.0.0.1, sslmode=verify-full&sslrootcert=DIR/log"
  })
  void start_doesNotWaitForACertificateToBecomeTrusted(String host, String parameters) {
    StartException refused =
        assertThrows(
            StartException.class,
            () ->
                Connector.awaitConnection(url(host, parameters), LONG, new CountDownLatch(1))
                    .close());
    String problem = refused.problems().get(0);
    assertEquals(1, refused.problems().size());
    assertTrue(problem.contains("; check sslmode and sslrootcert in --db_url"), problem);
  }

  @Test
  void abort_endsAWriteThatBlocks() throws Exception {
    try (Connection connection = Connector.connect(url("127.0.0.1", "sslmode=require"), LONG);
        Statement sql = connection.createStatement()) {
      sql.execute("CREATE TABLE slow (v TEXT CHECK (pg_sleep(600) IS NOT NULL))");
      CopyIn copy =
          connection.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY slow FROM STDIN");
      AtomicLong written = new AtomicLong();
      FutureTask<Void> writing = inBackground(() -> writeForEver(copy, written));
      awaitStandstill(written);
      AbortableSocketFactory.abort(connection);
      assertThrows(ExecutionException.class, writing::get);
    }
  }

  @Test
  void abort_endsAReadThatBlocks() throws Exception {
    try (Connection connection = Connector.connect(url("127.0.0.1", "sslmode=require"), LONG);
        Statement sql = connection.createStatement();
        Connection other = Connector.connect(url("127.0.0.1", "sslmode=require"), LONG)) {
      FutureTask<Boolean> reading = inBackground(() -> sql.execute("SELECT pg_sleep(600)"));
      awaitSleeper(other);
      AbortableSocketFactory.abort(connection);
      assertThrows(ExecutionException.class, reading::get);
    }
  }

  private static <T> FutureTask<T> inBackground(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread thread = new Thread(task, "tls-test");
    thread.setDaemon(true);
    thread.start();
    return task;
  }

  /** Until the server executes what sleeps. */
  private static void awaitSleeper(Connection connection) throws SQLException {
    String query =
        "SELECT count(*) FROM pg_stat_activity"
            + " WHERE wait_event = 'PgSleep' AND query = 'SELECT pg_sleep(600)'";
    long sleepers;
    do {
      try (Statement sql = connection.createStatement();
          ResultSet row = sql.executeQuery(query)) {
        row.next();
        sleepers = row.getLong(1);
      }
    } while (sleepers == 0);
  }

  private static Void writeForEver(CopyIn copy, AtomicLong written) throws SQLException {
    byte[] line = ("x".repeat(8000) + '\n').getBytes(US_ASCII);
    for (; ; ) {
      copy.writeToCopy(line, 0, line.length);
      written.addAndGet(line.length);
    }
  }

  /** Until the buffers of the sockets are full: for a second, nothing more was written. */
  private static void awaitStandstill(AtomicLong written) throws InterruptedException {
    long before;
    do {
      before = written.get();
      TimeUnit.SECONDS.sleep(1);
    } while (before == 0 || written.get() != before);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void run(String program, List<String> arguments)
      throws IOException, InterruptedException {
    PostgresPrograms.Outcome outcome = programs.run(program, arguments);
    assertTrue(outcome.succeeded(), outcome.output());
  }
}
