package attolytics;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A PgBouncer before a PostgreSQL server, for all of its databases, on a free port of the loopback
 * interface. Its configuration is the one that the documentation recommends, but for what a test
 * gives.
 */
public final class PgBouncer implements AutoCloseable {
  /** When a server connection goes back to the pool: at the end of what. */
  public enum Pooling {
    SESSION,
    TRANSACTION,
    STATEMENT
  }

  /**
   * The server behind it, and who logs in there.
   *
   * @param user who logs in at PgBouncer, too
   */
  public record Server(String host, int port, String user, String password) {
    static Server of(TestDatabase database) {
      return new Server(database.host(), database.port(), database.user(), database.password());
    }
  }

  private static final Path PROGRAM = Path.of("/usr/sbin/pgbouncer");
  private static final String ACCOUNT = "nobody"; // it refuses to run as root
  private static final long PATIENCE_SECONDS = 20;

  private final Server server;
  private final int port;
  private final Path directory;
  private final Process process;

  private PgBouncer(Server server, int port, Path directory, Process process) {
    this.server = server;
    this.port = port;
    this.directory = directory;
    this.process = process;
  }

  public static boolean isInstalled() {
    return Files.isExecutable(PROGRAM);
  }

  /**
   * Starts one before a test's database; the test is skipped where it is not installed.
   *
   * @param poolSize server connections for each database and user
   * @param settings lines of pgbouncer.ini, which go before those that are usual here
   */
  public static PgBouncer start(
      TestDatabase database, Pooling pooling, int poolSize, String... settings) throws Exception {
    assumeTrue(isInstalled(), "no " + PROGRAM + ": install the package pgbouncer, as .ci/run does");
    return start(Server.of(database), pooling, poolSize, settings);
  }

  /** Starts one before any server. */
  public static PgBouncer start(Server server, Pooling pooling, int poolSize, String... settings)
      throws IOException, InterruptedException {
    int port = freePort();
    Path directory = Files.createTempDirectory("pgbouncer");
    Path users = directory.resolve("userlist.txt");
    Files.writeString(users, "\"%s\" \"%s\"\n".formatted(server.user, server.password));
    Path configuration = directory.resolve("pgbouncer.ini");
    Files.write(configuration, configuration(server, port, users, pooling, poolSize, settings));
    List<String> command = new ArrayList<>();
    if (isRoot()) {
      for (Path file : List.of(directory, users, configuration)) {
        Files.setOwner(file, account(file));
      }
      command.addAll(List.of("setpriv", "--reuid=" + ACCOUNT, "--clear-groups"));
    }
    command.addAll(List.of(PROGRAM.toString(), configuration.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("pgbouncer.log").toFile())
            .start();
    PgBouncer started = new PgBouncer(server, port, directory, process);
    started.awaitListening();
    return started;
  }

  private static List<String> configuration(
      Server server, int port, Path users, Pooling pooling, int poolSize, String... settings) {
    List<String> lines = new ArrayList<>();
    lines.add("[databases]");
    lines.add("* = host=%s port=%d".formatted(server.host, server.port));
    lines.add("[pgbouncer]");
    lines.add("listen_addr = 127.0.0.1");
    lines.add("listen_port = " + port);
    lines.add("unix_socket_dir =");
    lines.add("auth_type = scram-sha-256");
    lines.add("auth_file = " + users);
    lines.add("pool_mode = " + pooling.name().toLowerCase(Locale.ROOT));
    lines.add("default_pool_size = " + poolSize);
    lines.add("max_client_conn = 200");
    if (Stream.of(settings).noneMatch(line -> line.startsWith("ignore_startup_parameters"))) {
      lines.add("ignore_startup_parameters = extra_float_digits");
    }
    lines.addAll(List.of(settings));
    return lines;
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static UserPrincipal account(Path file) throws IOException {
    return file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(ACCOUNT);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void awaitListening() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!log().contains("process up")) {
      if (!process.isAlive() || System.nanoTime() - deadline > 0) {
        String said = log();
        close();
        throw new IOException("PgBouncer did not start: " + said);
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  public int port() {
    return port;
  }

  public long pid() {
    return process.pid();
  }

  /** {@code postgres://user:password@host:port/database}, as for {@code --db_url}. */
  public String url(String database) {
    return "postgres://%s:%s@127.0.0.1:%d/%s"
        .formatted(encode(server.user), encode(server.password), port, database);
  }

  /**
   * A connection through it, in autocommit mode and with statements that have no name: what is seen
   * on it is what other clients see.
   */
  public Connection connect(String database) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", server.user);
    properties.setProperty("password", server.password);
    properties.setProperty("prepareThreshold", "0");
    properties.setProperty("assumeMinServerVersion", "9.0"); // else the driver SETs things
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + database, properties);
  }

  /** What it has said. */
  public String log() {
    try {
      return Files.readString(directory.resolve("pgbouncer.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Ends it, and with it all connections of its clients and to the server. */
  @Override
  public void close() {
    process.destroy(); // SIGTERM: at once, without waiting for clients
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      deleteFiles();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void deleteFiles() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
