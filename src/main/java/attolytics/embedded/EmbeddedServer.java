package attolytics.embedded;

import attolytics.settings.StartException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * The server process of an embedded PostgreSQL: started, taken over, watched and stopped. Used by
 * one thread at a time.
 *
 * <p>It is no child of this process and survives its crash.
 */
final class EmbeddedServer {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedServer.class);

  static final String ADDRESS = "127.0.0.1";

  /** For the recovery after a crash, which reads a gigabyte of WAL at most, and for a stop. */
  private static final Duration TIMEOUT = Duration.ofMinutes(5);

  /** For what takes milliseconds unless the machine is overloaded. */
  private static final Duration SHORT_TIMEOUT = Duration.ofSeconds(10);

  private static final Duration POLL = Duration.ofMillis(20);
  private static final int LOG_TAIL = 4_096;

  /** A moment between two looks. */
  @FunctionalInterface
  public interface Pause {
    /**
     * Waits.
     *
     * @throws InterruptedException if it is time to stop
     */
    void take() throws InterruptedException;
  }

  private final Path data;
  private final Path serverLog;
  private final PostgresPrograms programs;
  private final String password;
  private @Nullable ProcessHandle postmaster;
  private long startOfLog;

  EmbeddedServer(DataDirectory directory, PostgresPrograms programs, String password) {
    data = directory.data();
    serverLog = directory.serverLog();
    this.programs = programs;
    this.password = password;
  }

  /** Whether the server's process is there. */
  boolean isAlive() {
    return postmaster != null && PidFile.runs(postmaster);
  }

  /** The last lines of its log since it was started. */
  String lastWords() throws IOException {
    return Files.exists(serverLog) ? PostgresPrograms.lastLines(logSince(startOfLog)) : "";
  }

  /**
   * Takes over a server that runs on the data, such as one left by a process that was killed. Waits
   * for one that is still starting or stopping.
   *
   * @return its port, or null if there is none
   * @throws InterruptedException if the pause says so; the server is stopped then
   */
  @Nullable Integer adopt(Pause pause) throws StartException, IOException, InterruptedException {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    for (PidFile file = PidFile.in(data); file != null; file = PidFile.in(data)) {
      Optional<ProcessHandle> process = file.process();
      Optional<String> program = process.flatMap(p -> p.info().command());
      if (process.isEmpty() || !program.orElse("postgres").contains("postgres")) {
        log.warn("the embedded PostgreSQL was not stopped in order: it recovers now");
        if (file.isPidInUse()) {
          // By another program, as happens at a container's restart, or by the remains of this
          // server. PostgreSQL would take either for a running server and not start; nobody else
          // can, as we hold the lock.
          PidFile.delete(data);
        }
        return null;
      }
      if (file.mayAnswer() && isServed(data, file.port(), password)) {
        postmaster = process.get();
        return file.port();
      }
      if (System.nanoTime() - deadline > 0) {
        throw new StartException(
            "process %d of %s seems to run on %s, but does not answer: stop it and try again"
                .formatted(file.pid(), program.orElse("an unknown program"), data));
      }
      pauseOrStop(pause, null);
    }
    return null;
  }

  /** Whether the server on a port is the one of that data. */
  static boolean isServed(Path data, int port, String password) throws IOException {
    try (Connection connection = connect(port, password);
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("SHOW data_directory")) {
      return result.next() && Files.isSameFile(Path.of(result.getString(1)), data);
    } catch (SQLException e) {
      log.debug("no answer from port {}", port, e);
      return false;
    }
  }

  /**
   * Starts the server, which nobody runs now.
   *
   * @throws StartException if it does not start: why, in its own words
   * @throws InterruptedException if the pause says so; the server is stopped then
   */
  void launch(int port, Pause pause) throws StartException, IOException, InterruptedException {
    programs.own(data);
    if (!Files.exists(serverLog)) {
      PasswordFile.createPrivate(serverLog);
    }
    programs.own(serverLog);
    killOrphans();
    startOfLog = Files.size(serverLog);
    // Whatever the configuration in the data directory says: an answer 200 means on the disk.
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
                "--wait",
                "--timeout=" + TIMEOUT.toSeconds()));
    while (pgCtl.isAlive()) {
      pauseOrStop(pause, pgCtl);
    }
    PostgresPrograms.Outcome outcome = PostgresPrograms.outcome(pgCtl);
    if (!outcome.succeeded()) {
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

  /**
   * Ends the backends that outlive a server that was killed. Most notice by themselves, but one
   * that computes does not, and as long as it is there no server starts on the data.
   */
  private void killOrphans() throws InterruptedException {
    List<ProcessHandle> orphans =
        ProcessHandle.allProcesses().filter(this::isPostgresOnData).toList();
    orphans.forEach(ProcessHandle::destroyForcibly);
    long deadline = System.nanoTime() + SHORT_TIMEOUT.toNanos();
    while (orphans.stream().anyMatch(PidFile::runs) && System.nanoTime() - deadline < 0) {
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    }
  }

  /** By the working directory, which only Linux shows. */
  private boolean isPostgresOnData(ProcessHandle process) {
    if (!process.info().command().orElse("").endsWith("/postgres")) {
      return false;
    }
    try {
      return Files.isSameFile(Path.of("/proc", Long.toString(process.pid()), "cwd"), data);
    } catch (IOException e) {
      return false;
    }
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

  /** Before a server has its file, there is no way to stop it. */
  private void awaitPidFile(Process pgCtl) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + SHORT_TIMEOUT.toNanos();
    while (pgCtl.isAlive() && !hasProcess() && System.nanoTime() - deadline < 0) {
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    }
  }

  private boolean hasProcess() throws IOException {
    PidFile file = PidFile.in(data);
    return file != null && file.process().isPresent();
  }

  /** Stops the server if it runs, also one taken over; open connections end. */
  void stop() throws IOException, InterruptedException {
    PidFile file = PidFile.in(data);
    if (file == null || file.process().isEmpty()) {
      return;
    }
    // A recovery cannot be brought to an end sooner, and begins again at the next start anyway.
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
    if (!outcome.succeeded() && hasProcess()) {
      throw new IOException(PostgresPrograms.lastLines(outcome.output()));
    }
  }

  /** Creates a database unless it is there. */
  void createDatabase(int port, String name) throws SQLException {
    try (Connection connection = connect(port, password);
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

  private static Connection connect(int port, String password) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://" + ADDRESS + ":" + port + "/postgres?connectTimeout=5&loginTimeout=10",
        EmbeddedDatabase.USER,
        password);
  }

  private String logSince(long position) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(serverLog.toFile(), "r")) {
      long from = Math.max(position, file.length() - LOG_TAIL);
      byte[] tail = new byte[(int) Math.max(0, file.length() - from)];
      file.seek(from);
      file.readFully(tail);
      return new String(tail, StandardCharsets.UTF_8);
    }
  }
}
