package attolytics.database;

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
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
