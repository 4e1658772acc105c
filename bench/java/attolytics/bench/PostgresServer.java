package attolytics.bench;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserPrincipal;
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
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server for the benchmark alone, with its data in a new directory that is removed
 * afterwards: from the server programs installed here, else the embedded one.
 */
@SuppressWarnings("try") // whoever closes it wants to know that it was interrupted
final class PostgresServer implements AutoCloseable {
  private static final int OLDEST = 15;
  private static final String USER = "postgres";
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

  private final String description;
  private final Path directory;
  private final int port;
  private final String password;
  private final Stopping stopping;
  private boolean closed;

  /** Ends the server. */
  @FunctionalInterface
  private interface Stopping {
    void stop() throws IOException, InterruptedException;
  }

  private PostgresServer(
      String description, Path directory, int port, String password, Stopping stopping) {
    this.description = description;
    this.directory = directory;
    this.port = port;
    this.password = password;
    this.stopping = stopping;
  }

  /**
   * Starts a server and asserts that it keeps what it has committed.
   *
   * @param embedded whether to take the embedded one in any case
   * @param log where the server writes its log
   */
  static PostgresServer start(boolean embedded, Path log)
      throws IOException, InterruptedException, SQLException {
    Path programs = embedded ? null : installedPrograms();
    Path directory = Files.createTempDirectory("attolytics-bench-");
    PostgresServer server = null;
    boolean usable = false;
    try {
      server = programs == null ? embedded(directory) : installed(programs, directory, log);
      server.awaitConnection();
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
  String description() {
    return description;
  }

  Connection connect() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", USER);
    properties.setProperty("password", password);
    properties.setProperty("socketTimeout", Long.toString(PATIENCE_SECONDS));
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/postgres", properties);
  }

  /** As for {@code --db_url}; with the password. */
  String url() {
    return "postgres://" + USER + ":" + password + "@127.0.0.1:" + port + "/postgres";
  }

  /** Stops the server and removes its data. A second call does nothing. */
  @Override
  public synchronized void close() throws IOException, InterruptedException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      stopping.stop();
    } finally {
      deleteTree(directory);
    }
  }

  private static PostgresServer embedded(Path directory) throws IOException {
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setDataDirectory(directory.resolve("data"))
            .setRegisterShutdownHook(false);
    SETTINGS.forEach(builder::setServerConfig);
    EmbeddedPostgres postgres = builder.start();
    return new PostgresServer(
        "embedded" + on(directory), directory, postgres.getPort(), USER, postgres::close);
  }

  private static PostgresServer installed(Path programs, Path directory, Path log)
      throws IOException, InterruptedException {
    String user = accountForRoot();
    List<String> prefix =
        user == null
            ? List.of()
            : List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups");
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    String password = HexFormat.of().formatHex(random);
    Path passwordFile = Files.writeString(directory.resolve("password"), password);
    if (user != null) {
      UserPrincipal owner =
          directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user);
      Files.setOwner(directory, owner);
      Files.setOwner(passwordFile, owner);
    }
    Path data = directory.resolve("data");
    runToEnd(
        prefix,
        List.of(
            programs.resolve("initdb").toString(),
            "--pgdata=" + data,
            "--username=" + USER,
            "--auth=scram-sha-256",
            "--pwfile=" + passwordFile,
            "--encoding=UTF8",
            "--no-locale"),
        log);
    int port = freePort();
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of(programs.resolve("postgres").toString(), "-D", data.toString()));
    SETTINGS.forEach((name, value) -> command.addAll(List.of("-c", name + "=" + value)));
    command.addAll(List.of("-c", "listen_addresses=127.0.0.1", "-c", "port=" + port));
    command.addAll(List.of("-c", "unix_socket_directories="));
    Process postgres = quietly(command, directory, log).start();
    Stopping stopping =
        () -> {
          try {
            runToEnd(
                prefix,
                List.of(
                    programs.resolve("pg_ctl").toString(),
                    "stop",
                    "--pgdata=" + data,
                    "--mode=fast",
                    "--timeout=" + PATIENCE_SECONDS),
                log);
          } finally {
            postgres.destroyForcibly().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
          }
        };
    return new PostgresServer(
        "from " + programs + on(directory), directory, port, password, stopping);
  }

  private static String on(Path directory) throws IOException {
    return ", data on " + Files.getFileStore(directory).type();
  }

  /** PostgreSQL refuses to run as root: the account that it runs under then. */
  private static @Nullable String accountForRoot() throws IOException {
    if (!"root".equals(System.getProperty("user.name"))) {
      return null;
    }
    boolean known =
        Files.readAllLines(Path.of("/etc/passwd")).stream()
            .anyMatch(line -> line.startsWith(USER + ":"));
    return known ? USER : "nobody";
  }

  /** The directory of the programs in the path, else of the newest that Debian keeps aside. */
  private static @Nullable Path installedPrograms() throws IOException, InterruptedException {
    List<Path> candidates = new ArrayList<>();
    for (String entry : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      candidates.add(Path.of(entry));
    }
    Path versions = Path.of("/usr/lib/postgresql");
    if (Files.isDirectory(versions)) {
      try (Stream<Path> each = Files.list(versions)) {
        each.sorted((a, b) -> Integer.compare(number(b.getFileName()), number(a.getFileName())))
            .forEach(version -> candidates.add(version.resolve("bin")));
      }
    }
    for (Path candidate : candidates) {
      if (Files.isExecutable(candidate.resolve("postgres"))
          && Files.isExecutable(candidate.resolve("initdb"))
          && majorVersion(candidate) >= OLDEST) {
        return candidate;
      }
    }
    return null;
  }

  private static int majorVersion(Path programs) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(programs.resolve("postgres").toString(), "--version").start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return number(Path.of(said.replaceAll("(?s)\\D*(\\d+).*", "$1")));
  }

  private static int number(Path name) {
    try {
      return Integer.parseInt(name.toString());
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void runToEnd(List<String> prefix, List<String> command, Path log)
      throws IOException, InterruptedException {
    List<String> whole = new ArrayList<>(prefix);
    whole.addAll(command);
    Process process = quietly(whole, Path.of("/"), log).start();
    if (!process.waitFor(2 * PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(command.get(0) + " does not end; see " + log);
    }
    if (process.exitValue() != 0) {
      throw new IOException(command.get(0) + " failed; see " + log);
    }
  }

  private static ProcessBuilder quietly(List<String> command, Path directory, Path log) {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(log.toFile()));
    builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
    return builder;
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
