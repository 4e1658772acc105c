package attolytics.bench.process;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server for the benchmark alone, with its data in a new directory that is removed
 * afterwards: from the server programs installed here, else the embedded ones. Longer than other
 * files because a server, its restarts and its standby share their state.
 */
@SuppressWarnings("try") // the caller wants to know that it was interrupted
public final class PostgresServer implements AutoCloseable {
  /** How to stop, as {@code pg_ctl} calls it. */
  public enum Mode {
    /** Ends the sessions and writes everything out. */
    FAST,
    /** Ends as in a crash: the next start recovers. */
    IMMEDIATE
  }

  private static final String USER = "postgres";
  private static final String DATABASE = "postgres";
  private static final long PATIENCE_SECONDS = 60;

  /**
   * What differs from the settings that a server comes with. A checkpoint or a vacuum would strike
   * one round or another: there is none during a round, but a checkpoint before each.
   */
  private static final Map<String, String> SETTINGS =
      new LinkedHashMap<>(
          Map.of(
              "fsync", "on",
              "synchronous_commit", "on",
              "full_page_writes", "on",
              "max_wal_size", "8GB",
              "checkpoint_timeout", "1h",
              "autovacuum", "off"));

  /** Systems give outgoing connections ports above: one below is still free at a restart. */
  private static final int FIRST_PORT = 20_000;

  private static final int LAST_PORT = 32_000;

  private final ServerPrograms programs;
  private final String description;
  private final Path directory;
  private final Path log;
  private final int port;
  private final String password;
  private volatile @Nullable Process postgres;
  private boolean closed;

  private PostgresServer(ServerPrograms programs, Path directory, Path log, String password)
      throws IOException {
    this.programs = programs;
    this.description = programs.description() + ", data on " + Files.getFileStore(directory).type();
    this.directory = directory;
    this.log = log;
    this.port = freePort();
    this.password = password;
  }

  private static String randomPassword() {
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  /**
   * Starts a server and asserts that it keeps what it has committed.
   *
   * @param embedded whether to take the embedded one in any case
   * @param log where the server writes its log
   */
  public static PostgresServer start(boolean embedded, Path log)
      throws IOException, InterruptedException, SQLException {
    Path directory = Files.createTempDirectory("attolytics-bench-");
    PostgresServer server = null;
    boolean usable = false;
    try {
      ServerPrograms programs = ServerPrograms.find(embedded, directory);
      server = new PostgresServer(programs, directory, log, randomPassword());
      server.initialize();
      server.startAgain();
      server.assertDurable();
      usable = true;
      return server;
    } finally {
      if (!usable) {
        if (server == null) {
          deleteTree(directory);
        } else {
          server.close();
        }
      }
    }
  }

  /** What it is and where its data lies, for people. */
  public String description() {
    return description;
  }

  public Connection connect() throws SQLException {
    return connect(DATABASE);
  }

  /** To another database than the usual one. */
  public Connection connect(String database) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", USER);
    properties.setProperty("password", password);
    properties.setProperty("socketTimeout", Long.toString(PATIENCE_SECONDS));
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + database, properties);
  }

  /** As for {@code --db_url}; with the password. */
  public String url() {
    return url(DATABASE);
  }

  /** Of another database than the usual one. */
  public String url(String database) {
    return "postgres://" + USER + ":" + password + "@127.0.0.1:" + port + "/" + database;
  }

  /** The same for the driver. */
  public String jdbcUrl() {
    return "jdbc:postgresql://127.0.0.1:"
        + port
        + "/postgres?user="
        + USER
        + "&password="
        + password;
  }

  /** On the loopback address. */
  public int port() {
    return port;
  }

  /** The server's first process, of which all others are children. */
  public long pid() {
    Process running = postgres;
    return running == null ? -1 : running.pid();
  }

  /**
   * A streaming standby of this server, up and connected, without which this one commits nothing
   * from now on. This one is stopped for a moment.
   *
   * @param standbyLog where the standby writes its log
   */
  public PostgresServer withStandby(Path standbyLog)
      throws IOException, InterruptedException, SQLException {
    stop(Mode.FAST);
    PostgresServer standby =
        new PostgresServer(
            programs, Files.createTempDirectory("attolytics-bench-"), standbyLog, password);
    programs.giveAway(standby.directory);
    programs.run(log, List.of("cp", "-a", data().toString(), standby.data().toString()));
    startAgain();
    execute("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()");
    Files.createFile(standby.data().resolve("standby.signal"));
    Files.writeString(
        standby.data().resolve("postgresql.auto.conf"),
        "primary_conninfo = 'host=127.0.0.1 port=%d user=%s password=%s'%n"
            .formatted(port, USER, password));
    standby.startAgain();
    execute("CREATE TABLE replicated ()", "DROP TABLE replicated"); // waits for the standby
    return standby;
  }

  /** Makes a standby the primary, once its own is gone. */
  public void promote() throws SQLException {
    execute("SELECT pg_promote()");
  }

  private void execute(String... statements) throws SQLException {
    try (Connection connection = connect();
        Statement sql = connection.createStatement()) {
      for (String statement : statements) {
        sql.execute(statement);
      }
    }
  }

  /** Stops the server; its data stays. */
  public void stop(Mode mode) throws IOException, InterruptedException {
    Process running = postgres;
    if (running == null) {
      return;
    }
    try {
      if (running.isAlive()) {
        programs.run(
            log,
            List.of(
                programs.path("pg_ctl"),
                "stop",
                "--pgdata=" + data(),
                "--mode=" + mode.name().toLowerCase(Locale.ROOT),
                "--timeout=" + PATIENCE_SECONDS));
      }
    } catch (IOException e) {
      if (!running.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw e;
      } // else it was ending by itself
    } finally {
      running.destroyForcibly().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
      postgres = null;
    }
  }

  /** Starts the stopped server, at the same port, and waits until it takes connections. */
  public void startAgain() throws IOException, InterruptedException, SQLException {
    List<String> command =
        new ArrayList<>(List.of(programs.path("postgres"), "-D", data().toString()));
    SETTINGS.forEach((name, value) -> command.addAll(List.of("-c", name + "=" + value)));
    command.addAll(List.of("-c", "listen_addresses=127.0.0.1", "-c", "port=" + port));
    command.addAll(List.of("-c", "unix_socket_directories="));
    postgres = programs.start(command, directory, log);
    awaitConnection();
  }

  /** Stops the server and removes its data. A second call does nothing. */
  @Override
  public synchronized void close() throws IOException, InterruptedException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      stop(Mode.FAST);
    } finally {
      deleteTree(directory);
    }
  }

  private Path data() {
    return directory.resolve("data");
  }

  private void initialize() throws IOException, InterruptedException {
    Path passwordFile = Files.writeString(directory.resolve("password"), password);
    programs.giveAway(directory);
    programs.giveAway(passwordFile);
    programs.run(
        log,
        List.of(
            programs.path("initdb"),
            "--pgdata=" + data(),
            "--username=" + USER,
            "--auth=scram-sha-256",
            "--pwfile=" + passwordFile,
            "--encoding=UTF8",
            "--no-locale"));
  }

  private static int freePort() throws IOException {
    for (int port : new SecureRandom().ints(100, FIRST_PORT, LAST_PORT).toArray()) {
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (BindException e) {
        // taken: the next one
      }
    }
    throw new IOException("no free port from " + FIRST_PORT + " to " + LAST_PORT);
  }

  private void awaitConnection() throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      try {
        connect().close();
        return;
      } catch (SQLException e) {
        if (System.nanoTime() - deadline > 0) {
          throw e;
        }
      }
      Thread.sleep(50);
    }
  }

  private void assertDurable() throws SQLException, IOException {
    try (Connection connection = connect();
        Statement sql = connection.createStatement()) {
      for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
        try (ResultSet result = sql.executeQuery("SHOW " + setting)) {
          result.next();
          if (!result.getString(1).equals("on")) {
            throw new IOException(setting + " is " + result.getString(1));
          }
        }
      }
    }
  }

  private static void deleteTree(Path tree) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
