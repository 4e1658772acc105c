package attolytics.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server of the service's own, for who configures none. It lives in one directory:
 *
 * <pre>
 *   lock              held while an instance runs; tells its process id
 *   pgpass            how to get in, for the owner only: 127.0.0.1:port:*:postgres:password
 *   postgresql/       the data
 *   postgresql.log    what the server says
 *   programs/         the server's programs, a directory a version
 * </pre>
 *
 * <p>The server listens on the loopback address, on the port of its last run if that is free. It is
 * a process of its own that survives a crash of this one: the next start takes it over. Nothing
 * stops it but {@link #close}; there is no shutdown hook, as it must outlive the drain.
 */
final class EmbeddedDatabase implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDatabase.class);
  static final String ADDRESS = "127.0.0.1";
  static final String USER = "postgres";
  private static final String DATABASE = "attolytics";

  /** Long enough for the recovery after a crash, which reads a gigabyte of WAL at most. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** A failure of the server is a FATAL line and a few before it that tell why. */
  private static final int WORDY_LINES = 5;

  private static final Duration POLL = Duration.ofMillis(20);

  /** These would not survive pg_ctl, which starts the server by way of a shell. */
  private static final String NOT_IN_A_PATH = "\"$`\\\n\r'";

  private static final String PID_FILE = "postmaster.pid";
  private static final String NO_PERMISSION = "no permission for ";
  private static final String NO_DIRECTORY = " is not a directory";

  private final Path directory;
  private final Path data;
  private final Path log;
  private final DataLock lock;
  private final PostgresPrograms programs;
  private final String password;
  private final int port;
  private final boolean adopted;
  private boolean closed;

  private EmbeddedDatabase(Path directory, DataLock lock, List<PostgresPrograms.Account> accounts)
      throws StartException, IOException, InterruptedException {
    this.directory = directory;
    this.lock = lock;
    data = data(directory);
    log = directory.resolve("postgresql.log");
    programs = PostgresPrograms.in(directory.resolve("programs"), preferOwner(accounts));
    if (Files.exists(data) && PasswordFile.find(directory) == null) {
      throw new StartException(
          "there is no "
              + directory.resolve(PasswordFile.NAME)
              + " any more, and without its password nobody gets into "
              + data
              + ": restore it, or move the data away");
    }
    PasswordFile file = PasswordFile.in(directory);
    password = file.password();
    if (!Files.exists(data)) {
      initialize();
    }
    checkVersion();
    Integer running = adoptablePort();
    adopted = running != null;
    port = running != null ? running : freePort(file.port());
    if (!adopted) {
      launch();
    }
    boolean usable = false;
    try {
      file.write(port);
      createDatabase();
      usable = true;
    } catch (SQLException e) {
      throw new StartException(
          "the embedded PostgreSQL in " + data + " does not work: " + e.getMessage(), e);
    } finally {
      if (!usable) {
        stop();
      }
    }
  }

  /**
   * Starts the server, creating its data on the first run, or takes over one that was left running.
   *
   * @param dataDir created if missing
   * @throws StartException if that is impossible here: the problem and what to do
   */
  static EmbeddedDatabase start(Path dataDir) throws StartException, InterruptedException {
    return start(dataDir, PostgresPrograms.accounts());
  }

  static EmbeddedDatabase start(Path dataDir, List<PostgresPrograms.Account> accounts)
      throws StartException, InterruptedException {
    Path directory = directory(dataDir);
    @Nullable DataLock lock = null;
    boolean started = false;
    try {
      Files.createDirectories(directory);
      lock = DataLock.take(directory);
      EmbeddedDatabase database = new EmbeddedDatabase(directory, lock, accounts);
      database.announce();
      started = true;
      return database;
    } catch (IOException e) {
      throw cannotKeep(directory, reason(e), e);
    } finally {
      if (!started && lock != null) {
        lock.close();
      }
    }
  }

  /** Whether a start would find data, and not create any. */
  static boolean existsIn(Path dataDir) throws StartException {
    return Files.exists(data(directory(dataDir)));
  }

  /** Fails where a start could not create a database, as far as that shows without trying. */
  static void refuseToCreateIn(Path dataDir) throws StartException, InterruptedException {
    Path directory = directory(dataDir);
    Path parent = directory;
    while (!Files.exists(parent, LinkOption.NOFOLLOW_LINKS) && parent.getParent() != null) {
      parent = parent.getParent();
    }
    if (!Files.isDirectory(parent)) {
      throw cannotKeep(directory, parent + NO_DIRECTORY, null);
    }
    if (!Files.isWritable(parent)) {
      throw cannotKeep(directory, NO_PERMISSION + parent, null);
    }
    PostgresPrograms.refuseUnfitSystem(PostgresPrograms.accounts());
  }

  /** The server that runs on the data now, whichever process has started it, or null. */
  static @Nullable DatabaseUrl runningIn(Path dataDir) throws StartException {
    Path directory = directory(dataDir);
    Path data = data(directory);
    try {
      PasswordFile file = PasswordFile.find(directory);
      if (file == null || !Files.exists(data.resolve(PID_FILE))) {
        return null;
      }
      int port = port(Files.readAllLines(data.resolve(PID_FILE)));
      return port > 0 && isServed(data, port, file.password()) ? url(port, file.password()) : null;
    } catch (IOException e) {
      throw cannotKeep(directory, reason(e), e);
    }
  }

  /** Where the service connects to. */
  DatabaseUrl url() {
    return url(port, password);
  }

  private static DatabaseUrl url(int port, String password) {
    return DatabaseUrl.parse(
        "postgres://%s:%s@%s:%d/%s".formatted(USER, password, ADDRESS, port, DATABASE));
  }

  int port() {
    return port;
  }

  /** Whether the server was left running by an earlier process. */
  boolean adopted() {
    return adopted;
  }

  /** Stops the server, also one taken over; open connections end. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      stop();
    } catch (IOException e) {
      LOG.error("cannot stop the embedded PostgreSQL in {}: {}", data, e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      LOG.error("interrupted before the embedded PostgreSQL in {} had stopped", data);
    } finally {
      lock.close();
    }
  }

  private void announce() {
    LOG.info(
        "no database is configured: {} PostgreSQL in {}, port {};"
            + " to look inside: PGPASSFILE='{}' psql -h {} -p {} -U {} {}",
        adopted ? "took over the running embedded" : "started an embedded",
        data,
        port,
        directory.resolve(PasswordFile.NAME),
        ADDRESS,
        port,
        USER,
        DATABASE);
  }

  /** The account that has the data already first: a server left running may be under it. */
  private List<PostgresPrograms.Account> preferOwner(List<PostgresPrograms.Account> accounts)
      throws IOException {
    if (accounts.size() < 2 || !Files.exists(data)) {
      return accounts;
    }
    Object owner = Files.getAttribute(data, "unix:uid");
    return accounts.stream()
        .sorted(Comparator.comparing(account -> !owner.equals(account.owner())))
        .toList();
  }

  /** Creates the data under another name first, so that it is there whole or not at all. */
  private void initialize() throws StartException, IOException, InterruptedException {
    LOG.debug("creating the data of the embedded PostgreSQL in {}", data);
    Path unfinished = directory.resolve("postgresql.new");
    Path passwordForInitdb = directory.resolve("initdb-password");
    PostgresPrograms.deleteTree(unfinished);
    Files.createDirectory(unfinished);
    programs.own(unfinished);
    Files.deleteIfExists(passwordForInitdb);
    PasswordFile.createPrivate(passwordForInitdb);
    Files.writeString(passwordForInitdb, password);
    programs.own(passwordForInitdb);
    try {
      PostgresPrograms.Outcome outcome =
          programs.run(
              "initdb",
              List.of(
                  "--pgdata=" + unfinished,
                  "--username=" + USER,
                  "--pwfile=" + passwordForInitdb,
                  "--auth=scram-sha-256",
                  "--encoding=UTF8",
                  // The same order on every machine, whatever its C library: data may move.
                  "--no-locale",
                  "--locale-provider=builtin",
                  "--builtin-locale=C.UTF-8",
                  // Rows that the server refuses are the service's to tell and to count; in the log
                  // they would let a client fill the disk.
                  "--set=log_min_messages=log",
                  "--set=log_checkpoints=off"));
      if (!outcome.succeeded()) {
        throw new StartException(
            "cannot create an embedded PostgreSQL in "
                + data
                + ": "
                + words(outcome.output())
                + "; or give a database by --db_url");
      }
    } finally {
      Files.deleteIfExists(passwordForInitdb);
    }
    Files.move(unfinished, data, StandardCopyOption.ATOMIC_MOVE);
  }

  private void checkVersion() throws StartException, IOException {
    Path file = data.resolve("PG_VERSION");
    if (!Files.exists(file)) {
      throw new StartException(
          data + " is not a PostgreSQL data directory: move it away, or choose another --data_dir");
    }
    String found = Files.readString(file).strip();
    String own = programs.majorVersion();
    if (!found.equals(own)) {
      throw new StartException(
          ("%s holds data of PostgreSQL %s, but the embedded one is %s: choose another --data_dir, or"
                  + " run a PostgreSQL %s on it and give it by --db_url")
              .formatted(data, found, own, found));
    }
  }

  /**
   * The port of a server that runs on our data, left over by a process that was killed, or null if
   * there is none. Waits for one that is still starting or stopping.
   */
  private @Nullable Integer adoptablePort()
      throws StartException, IOException, InterruptedException {
    Path file = data.resolve(PID_FILE);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (Files.exists(file)) {
      List<String> lines = Files.readAllLines(file);
      long pid = lines.isEmpty() ? -1 : number(lines.get(0));
      Optional<ProcessHandle> process = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
      Optional<String> program = process.flatMap(p -> p.info().command());
      if (process.isEmpty()) {
        LOG.warn("the embedded PostgreSQL was not stopped in order: it recovers now");
        return null;
      }
      if (program.isPresent() && !program.get().contains("postgres")) {
        // The number was given to another program, as happens at a container's restart. PostgreSQL
        // would take that for a server of its own and not start; nobody else can, as we hold the
        // lock.
        LOG.warn("the embedded PostgreSQL was not stopped in order: it recovers now");
        Files.delete(file);
        return null;
      }
      int runningPort = port(lines);
      if (runningPort > 0 && isServed(data, runningPort, password)) {
        return runningPort;
      }
      if (System.nanoTime() > deadline) {
        throw new StartException(
            "process %d of %s seems to run on %s, but does not answer: stop it and try again"
                .formatted(pid, program.orElse("an unknown program"), data));
      }
      Thread.sleep(POLL.toMillis());
    }
    return null;
  }

  /** Of the lines of the server's file, or -1 if it has not come so far. */
  private static int port(List<String> pidFile) {
    return pidFile.size() > 3 ? (int) number(pidFile.get(3)) : -1;
  }

  /** Whether the server on a port is the one of that data. */
  private static boolean isServed(Path data, int port, String password) throws IOException {
    try (Connection connection = connect(port, "postgres", password);
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("SHOW data_directory")) {
      return result.next() && Files.isSameFile(Path.of(result.getString(1)), data);
    } catch (SQLException e) {
      LOG.debug("no answer from port {}", port, e);
      return false;
    }
  }

  private void launch() throws StartException, IOException, InterruptedException {
    programs.own(data);
    if (!Files.exists(log)) {
      PasswordFile.createPrivate(log);
    }
    programs.own(log);
    long logged = Files.size(log);
    // Whatever the configuration in the data directory says: an answer 200 means on the disk.
    String options =
        "-p "
            + port
            + " -c listen_addresses="
            + ADDRESS
            + " -c unix_socket_directories=''"
            + " -c fsync=on -c synchronous_commit=on -c full_page_writes=on";
    PostgresPrograms.Outcome outcome =
        programs.run(
            "pg_ctl",
            List.of(
                "start",
                "--pgdata=" + data,
                "--log=" + log,
                "--options=" + options,
                "--wait",
                "--timeout=" + PATIENCE.toSeconds()));
    if (!outcome.succeeded()) {
      byte[] whole = Files.readAllBytes(log);
      int length = (int) (whole.length - logged);
      String said = new String(whole, (int) logged, length, StandardCharsets.UTF_8);
      throw new StartException(
          "the embedded PostgreSQL in "
              + data
              + " does not start: "
              + words(said.isBlank() ? outcome.output() : said)
              + "; its log is "
              + log);
    }
  }

  private void stop() throws IOException, InterruptedException {
    PostgresPrograms.Outcome outcome =
        programs.run(
            "pg_ctl",
            List.of(
                "stop",
                "--pgdata=" + data,
                "--mode=fast",
                "--wait",
                "--timeout=" + PATIENCE.toSeconds()));
    if (!outcome.succeeded() && Files.exists(data.resolve(PID_FILE))) {
      throw new IOException(words(outcome.output()));
    }
  }

  private void createDatabase() throws SQLException {
    try (Connection connection = connect(port, "postgres", password);
        Statement statement = connection.createStatement()) {
      try (ResultSet result =
          statement.executeQuery("SELECT FROM pg_database WHERE datname = '" + DATABASE + "'")) {
        if (result.next()) {
          return;
        }
      }
      statement.execute("CREATE DATABASE " + DATABASE);
    }
  }

  private static Connection connect(int port, String database, String password)
      throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://" + ADDRESS + ":" + port + "/" + database + "?connectTimeout=5",
        USER,
        password);
  }

  /** The preferred one if nobody has it. */
  private static int freePort(int preferred) throws IOException {
    InetAddress address = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    if (preferred > 0) {
      try (ServerSocket socket = new ServerSocket(preferred, 1, address)) {
        return socket.getLocalPort();
      } catch (IOException e) {
        LOG.debug("port {} is taken", preferred, e);
      }
    }
    try (ServerSocket socket = new ServerSocket(0, 1, address)) {
      return socket.getLocalPort();
    }
  }

  /** The last of what a program or the log says, without the times: one line. */
  private static String words(String output) {
    List<String> lines = output.lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
    return lines.subList(Math.max(0, lines.size() - WORDY_LINES), lines.size()).stream()
        .map(line -> line.replaceFirst("^.*? \\[\\d+] ", ""))
        .collect(Collectors.joining("; "))
        .replaceAll("\\s+", " ");
  }

  private static Path directory(Path dataDir) throws StartException {
    Path directory = dataDir.toAbsolutePath().normalize();
    if (directory.toString().chars().anyMatch(c -> NOT_IN_A_PATH.indexOf(c) >= 0)) {
      throw new StartException(
          "--data_dir "
              + directory
              + " holds a quote, $, ` or \\, which PostgreSQL's programs do not bear: choose another"
              + " directory");
    }
    return directory;
  }

  private static Path data(Path directory) {
    return directory.resolve("postgresql");
  }

  private static StartException cannotKeep(
      Path directory, String reason, @Nullable IOException cause) {
    return new StartException(
        "cannot keep an embedded PostgreSQL in --data_dir "
            + directory
            + ": "
            + reason
            + "; choose a directory that this user can write to, or give a database by --db_url",
        cause);
  }

  private static String reason(IOException e) {
    String message = String.valueOf(e.getMessage());
    if (e instanceof AccessDeniedException) {
      return NO_PERMISSION + message;
    }
    if (e instanceof FileAlreadyExistsException) {
      return message + NO_DIRECTORY;
    }
    return e instanceof NoSuchFileException ? "there is no " + message : message;
  }

  private static long number(String text) {
    return text.strip().matches("\\d{1,18}") ? Long.parseLong(text.strip()) : -1;
  }
}
