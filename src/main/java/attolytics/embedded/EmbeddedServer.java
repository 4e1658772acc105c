package attolytics.embedded;

import attolytics.settings.StartException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts, takes over, checks and stops the server process of an embedded PostgreSQL. Used by one
 * thread at a time.
 *
 * <p>The server is not a child of this process and survives its crash.
 */
final class EmbeddedServer {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedServer.class);

  static final String ADDRESS = "127.0.0.1";

  /** For a server that is not recovering to respond, and for a stop. */
  private static final Duration TIMEOUT = Duration.ofMinutes(5);

  /** A crash recovery may take any time, and to give it up would only begin it again. */
  private static final Duration RECOVERY_TIMEOUT = Duration.ofDays(30);

  /** For operations that take milliseconds unless the machine is overloaded. */
  private static final Duration SHORT_TIMEOUT = Duration.ofSeconds(10);

  /** For a login to a server that has started, on a machine that may be overloaded. */
  private static final Duration LOGIN_TIMEOUT = Duration.ofMinutes(1);

  private static final Duration POLL = Duration.ofMillis(20);
  private static final int LOG_TAIL = 4_096;

  /** A wait between two checks. */
  @FunctionalInterface
  public interface Pause {
    /**
     * Waits.
     *
     * @throws InterruptedException to end the start
     */
    void take() throws InterruptedException;
  }

  private final Path data;
  private final DataProcesses processes;
  private final Path serverLog;
  private final PostgresPrograms programs;
  private final String password;
  private @Nullable ProcessHandle postmaster;
  private long startOfLog;

  EmbeddedServer(DataDirectory directory, PostgresPrograms programs, String password) {
    data = directory.data();
    processes = new DataProcesses(data);
    serverLog = directory.serverLog();
    this.programs = programs;
    this.password = password;
  }

  /** Whether the server's process is alive. */
  boolean isAlive() {
    return postmaster != null && PidFile.runs(postmaster);
  }

  /** The last lines of its log since it was started. */
  String lastLogLines() throws IOException {
    return Files.exists(serverLog) ? PostgresPrograms.lastLines(logSince(startOfLog)) : "";
  }

  /**
   * Takes over a server that runs on the data, for example after this process was killed. Waits for
   * one that is starting or stopping.
   *
   * @return its port, or null if there is none
   * @throws InterruptedException if the pause throws it; the server is stopped then
   */
  @Nullable Integer adopt(Pause pause) throws StartException, IOException, InterruptedException {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    for (PidFile file = PidFile.in(data); file != null; file = PidFile.in(data)) {
      Optional<ProcessHandle> server = processes.server(file);
      if (server.isEmpty()) {
        log.warn(
            "the embedded PostgreSQL was not shut down properly and performs a crash recovery");
        if (file.isPidInUse() || !file.hasPid()) {
          // By another process, as after the restart of a container, or by a zombie of this server.
          // PostgreSQL would mistake it for a running server, or a server for one that is starting,
          // and refuse to start. It is safe to delete the file, because no server runs on the data
          // and this process holds the lock of the directory.
          PidFile.delete(data);
        }
        return null;
      }
      if (file.mayAnswer() && isServed(data, file.port(), password)) {
        postmaster = server.get();
        return file.port();
      }
      if (file.isStarting()) { // a recovery
        deadline = System.nanoTime() + TIMEOUT.toNanos();
      } else if (System.nanoTime() - deadline > 0) {
        throw new StartException(
            "process %d of %s appears to use %s, but does not respond: stop it and try again"
                .formatted(
                    server.get().pid(),
                    server.get().info().command().orElse("an unknown program"),
                    data));
      }
      pauseOrStop(pause, null);
    }
    return null;
  }

  /** Whether the server on a port uses that data. */
  static boolean isServed(Path data, int port, String password) throws IOException {
    try (Connection connection = connect(port, password, SHORT_TIMEOUT);
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("SHOW data_directory")) {
      return result.next() && Files.isSameFile(Path.of(result.getString(1)), data);
    } catch (SQLException e) {
      log.debug("no response from port {}", port, e);
      return false;
    }
  }

  /**
   * Starts the server, which must not be running.
   *
   * @throws StartException if it does not start, with its own message
   * @throws InterruptedException if the pause throws it; the server is stopped then
   */
  void launch(int port, Pause pause) throws StartException, IOException, InterruptedException {
    programs.own(data);
    if (!Files.exists(serverLog)) {
      PasswordFile.createPrivate(serverLog);
    }
    programs.own(serverLog);
    processes.killOrphans();
    startOfLog = Files.size(serverLog);
    // Overrides the configuration in the data directory: a 200 means that rows are on disk.
    String options =
        "-p "
            + port
            + " -c listen_addresses="
            + ADDRESS
            + " -c unix_socket_directories=''"
            + " -c fsync=on -c synchronous_commit=on -c full_page_writes=on";
    Process pgCtl =
        programs.start(
            "pg_ctl",
            List.of(
                "start",
                "--pgdata=" + data,
                "--log=" + serverLog,
                "--options=" + options,
                "--silent", // prints no dots, which nobody reads
                "--wait",
                "--timeout=" + RECOVERY_TIMEOUT.toSeconds()));
    while (pgCtl.isAlive()) {
      pauseOrStop(pause, pgCtl);
    }
    PostgresPrograms.Outcome outcome = PostgresPrograms.outcome(pgCtl);
    if (!outcome.succeeded()) {
      pauseOrStop(pause, null); // a Ctrl-C also ends pg_ctl
      String said = logSince(startOfLog);
      throw new StartException(
          "the embedded PostgreSQL in "
              + data
              + " does not start: "
              + PostgresPrograms.lastLines(said.isBlank() ? outcome.output() : said)
              + "; its log is "
              + serverLog);
    }
    PidFile file = PidFile.in(data);
    postmaster = file == null ? null : file.process().orElse(null);
  }

  private void pauseOrStop(Pause pause, @Nullable Process pgCtl)
      throws IOException, InterruptedException {
    try {
      pause.take();
    } catch (InterruptedException e) {
      if (pgCtl != null) {
        awaitPidFile(pgCtl);
      }
      stop();
      throw e;
    }
  }

  /** Without its PID file a server cannot be stopped. */
  private void awaitPidFile(Process pgCtl) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + SHORT_TIMEOUT.toNanos();
    while (pgCtl.isAlive() && !isRunning(PidFile.in(data)) && System.nanoTime() - deadline < 0) {
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    }
  }

  /** Whether pg_ctl, which signals any process that has the PID, would find the server. */
  private boolean isRunning(@Nullable PidFile file) throws IOException {
    return file != null && file.hasPid() && processes.server(file).isPresent();
  }

  /** Stops the server if it runs, also one that was taken over; open connections are closed. */
  void stop() throws IOException, InterruptedException {
    PidFile file = PidFile.in(data);
    if (file == null || !isRunning(file)) {
      return;
    }
    // A recovery can only be aborted; it is repeated at the next start.
    String mode = file.isStarting() ? "immediate" : "fast";
    PostgresPrograms.Outcome outcome =
        programs.run(
            "pg_ctl",
            List.of(
                "stop",
                "--pgdata=" + data,
                "--mode=" + mode,
                "--wait",
                "--timeout=" + TIMEOUT.toSeconds()));
    if (!outcome.succeeded() && isRunning(PidFile.in(data))) {
      throw new IOException(PostgresPrograms.lastLines(outcome.output()));
    }
  }

  /** Creates a database unless it exists. */
  void createDatabase(int port, String name) throws SQLException {
    try (Connection connection = connect(port, password, LOGIN_TIMEOUT);
        Statement statement = connection.createStatement()) {
      try (ResultSet result =
          statement.executeQuery("SELECT FROM pg_database WHERE datname = '" + name + "'")) {
        if (result.next()) {
          return;
        }
      }
      statement.execute("CREATE DATABASE " + name);
    }
  }

  private static Connection connect(int port, String password, Duration loginTimeout)
      throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d/postgres?connectTimeout=5&loginTimeout=%d"
            .formatted(ADDRESS, port, loginTimeout.toSeconds()),
        EmbeddedDatabase.USER,
        password);
  }

  private String logSince(long position) throws IOException {
    try (FileChannel file =
        FileChannel.open(serverLog, DataOwner.opening(serverLog, StandardOpenOption.READ))) {
      file.position(Math.max(position, file.size() - LOG_TAIL));
      byte[] tail = Channels.newInputStream(file).readNBytes(LOG_TAIL);
      return new String(tail, StandardCharsets.UTF_8);
    }
  }
}
