package attolytics.embedded;

import attolytics.logging.GuardedTask;
import attolytics.logging.LogMarkers;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The PostgreSQL server that the service runs if no database is configured, in a {@link
 * DataDirectory}.
 *
 * <p>The server listens on the loopback address, on the port of its last run if that is free. Its
 * process survives a crash of this one: the next start takes it over. If it terminates while this
 * process runs, it is restarted on the same port. Only {@link #close} stops it; there is no
 * shutdown hook here, because it has to run until the drain is complete.
 *
 * <p>Longer than other files because start, restart and stop share the state of one server.
 */
public final class EmbeddedDatabase implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);
  static final String USER = "postgres";
  private static final String DATABASE = "attolytics";

  private static final Duration POLL = Duration.ofMillis(20);

  /** How often to check whether the server is alive. */
  private static final Duration CHECK_PERIOD = Duration.ofMillis(250);

  private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);
  private static final Duration LAST_BACKOFF = Duration.ofSeconds(30);

  /** For a restart in progress to end. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

  private final DataDirectory directory;
  private final DataLock lock;
  private final EmbeddedServer server;
  private final String password;
  private final int port;
  private final boolean adopted;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread supervisor = new Thread(this::supervise, "embedded-postgresql");
  private volatile BooleanSupplier stopping = () -> false;
  private volatile BooleanSupplier needed = () -> true;
  private volatile @Nullable String problem;

  private EmbeddedDatabase(
      DataDirectory directory,
      DataLock lock,
      PostgresPrograms.Account account,
      EmbeddedServer.Pause pause)
      throws StartException, IOException, InterruptedException {
    this.directory = directory;
    this.lock = lock;
    log.info("starting an embedded PostgreSQL in {}, unless it is running already", data());
    PostgresPrograms programs = directory.programs(account);
    PasswordFile file = directory.passwordFile(account);
    password = file.password();
    directory.createData(programs, password, pause);
    directory.checkVersion(programs);
    server = new EmbeddedServer(directory, programs, password);
    Integer running = server.adopt(pause);
    adopted = running != null;
    port = running != null ? running : freePort(file.port());
    if (!adopted) {
      server.launch(port, pause);
    }
    boolean usable = false;
    try {
      file.setPort(port, account);
      server.createDatabase(port, DATABASE);
      usable = true;
    } catch (SQLException e) {
      throw new StartException(
          "the embedded PostgreSQL in " + directory.data() + " does not work: " + e.getMessage(),
          e);
    } finally {
      if (!usable) {
        server.stop();
      }
    }
    supervisor.setDaemon(true);
  }

  /** Starts the server as {@link #start(Path, EmbeddedServer.Pause)} does, without a time limit. */
  public static EmbeddedDatabase start(Path dataDir) throws StartException, InterruptedException {
    return start(dataDir, PostgresPrograms.accounts());
  }

  public static EmbeddedDatabase start(Path dataDir, List<PostgresPrograms.Account> accounts)
      throws StartException, InterruptedException {
    return start(dataDir, accounts, () -> TimeUnit.NANOSECONDS.sleep(POLL.toNanos()));
  }

  /**
   * Starts the server, creating its data on the first run, or takes over one that is still running.
   *
   * @param dataDir created if missing
   * @param pause called repeatedly while the server starts, which may include a long recovery
   * @throws StartException if that is not possible: the problem and what to do
   * @throws InterruptedException if the pause throws it; no server is left running
   */
  public static EmbeddedDatabase start(Path dataDir, EmbeddedServer.Pause pause)
      throws StartException, InterruptedException {
    return start(dataDir, PostgresPrograms.accounts(), pause);
  }

  private static EmbeddedDatabase start(
      Path dataDir, List<PostgresPrograms.Account> accounts, EmbeddedServer.Pause pause)
      throws StartException, InterruptedException {
    DataDirectory directory = DataDirectory.of(dataDir);
    @Nullable DataLock lock = null;
    boolean started = false;
    try {
      Files.createDirectories(directory.path());
      PostgresPrograms.Account account = directory.account(accounts);
      lock = DataLock.take(directory.path(), account);
      EmbeddedDatabase database = new EmbeddedDatabase(directory, lock, account, pause);
      database.announce();
      database.supervisor.start();
      started = true;
      return database;
    } catch (IOException e) {
      throw directory.cannotKeep(e);
    } finally {
      if (!started && lock != null) {
        lock.close();
      }
    }
  }

  /** The server that runs on the data now, also if another process has started it, or null. */
  public static @Nullable DatabaseUrl runningIn(Path dataDir) throws StartException {
    DataDirectory directory = DataDirectory.of(dataDir);
    try {
      PasswordFile password = PasswordFile.find(directory.path());
      PidFile file = PidFile.in(directory.data());
      return password != null
              && file != null
              && file.mayAnswer()
              && EmbeddedServer.isServed(directory.data(), file.port(), password.password())
          ? url(file.port(), password.password())
          : null;
    } catch (IOException e) {
      throw directory.cannotKeep(e);
    }
  }

  /** The URL that the service connects to. */
  public DatabaseUrl url() {
    return url(port, password);
  }

  private static DatabaseUrl url(int port, String password) {
    return DatabaseUrl.parse(
        "postgres://%s:%s@%s:%d/%s"
            .formatted(USER, DatabaseUrl.encode(password), EmbeddedServer.ADDRESS, port, DATABASE));
  }

  public int port() {
    return port;
  }

  /** Whether an earlier process has started the server. */
  boolean adopted() {
    return adopted;
  }

  /** Why the server does not run now, or null if it does. Any thread; does not block. */
  public @Nullable String problem() {
    return problem;
  }

  /**
   * Sets when the server may terminate: what stops the service may stop the server, too.
   *
   * @param stopping whether the service stops
   * @param needed whether it still needs the server then; if so, the server is restarted
   */
  public void mayTerminate(BooleanSupplier stopping, BooleanSupplier needed) {
    this.needed = needed;
    this.stopping = stopping;
  }

  /** Stops the server, also one taken over; open connections end. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (closing.getCount() == 0) {
      return;
    }
    closing.countDown();
    try {
      supervisor.join(CLOSE_TIMEOUT.toMillis());
      server.stop();
    } catch (IOException e) {
      log.error("cannot stop the embedded PostgreSQL in {}: {}", data(), e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.error("interrupted before the embedded PostgreSQL in {} had stopped", data());
    } finally {
      lock.close();
    }
  }

  private void announce() {
    log.info(
        "no database is configured: {} PostgreSQL in {}, port {};"
            + " to connect: PGPASSFILE='{}' psql -h {} -p {} -U {} {}",
        adopted ? "took over the running embedded" : "started an embedded",
        data(),
        port,
        directory.path().resolve(PasswordFile.NAME),
        EmbeddedServer.ADDRESS,
        port,
        USER,
        DATABASE);
  }

  private Path data() {
    return directory.data();
  }

  private void supervise() {
    try {
      while (true) {
        pause(CHECK_PERIOD);
        check();
      }
    } catch (InterruptedException e) {
      log.debug("supervision of the embedded PostgreSQL interrupted", e);
    }
  }

  private void check() throws InterruptedException {
    try {
      if (server.isAlive()) {
        problem = null;
      } else if (isNeeded()) {
        restart();
      }
    } catch (RuntimeException | Error e) { // possibly transient: the next check follows
      problem = "cannot check the embedded PostgreSQL: " + e;
      GuardedTask.of(() -> log.error("cannot check the embedded PostgreSQL in {}", data(), e))
          .run();
    }
  }

  private boolean isNeeded() {
    return !stopping.getAsBoolean() || needed.getAsBoolean();
  }

  /** Waits, until this is closed. */
  private void pause(Duration time) throws InterruptedException {
    if (closing.await(time.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new InterruptedException("closed");
    }
  }

  private void restart() throws InterruptedException {
    problem = "the embedded PostgreSQL has terminated and is being restarted";
    log.atLevel(stopping.getAsBoolean() ? Level.WARN : Level.ERROR)
        .addMarker(LogMarkers.STATE_CHANGE)
        .log(
            "the embedded PostgreSQL in {} has terminated and is being restarted; last lines of its log: {}",
            data(),
            lastLogLines());
    Duration backoff = FIRST_BACKOFF;
    while (!tryToStart(backoff)) {
      pause(backoff);
      if (!isNeeded()) {
        return;
      }
      Duration twice = backoff.multipliedBy(2);
      backoff = twice.compareTo(LAST_BACKOFF) < 0 ? twice : LAST_BACKOFF;
    }
    problem = null;
    log.atInfo()
        .addMarker(LogMarkers.STATE_CHANGE)
        .log("the embedded PostgreSQL in {} is running again, port {}", data(), port);
  }

  private boolean tryToStart(Duration backoff) throws InterruptedException {
    try {
      Integer running = server.adopt(() -> pause(POLL));
      if (running == null) {
        server.launch(port, () -> pause(POLL));
      } else if (running != port) {
        throw new StartException(
            "another process has started it on port %d instead of %d: stop it"
                .formatted(running, port));
      }
      return true;
    } catch (StartException | IOException e) {
      problem = "the embedded PostgreSQL has terminated: " + e.getMessage();
      log.error(
          "cannot restart the embedded PostgreSQL in {}, retrying in {} s: {}",
          data(),
          backoff.toSeconds(),
          e.getMessage());
      return false;
    } catch (RuntimeException | Error e) { // unexpected, so logged with its stack trace
      problem = "the embedded PostgreSQL has terminated: " + e;
      log.error(
          "cannot restart the embedded PostgreSQL in {}, retrying in {} s",
          data(),
          backoff.toSeconds(),
          e);
      return false;
    }
  }

  private String lastLogLines() {
    try {
      return server.lastLogLines();
    } catch (IOException e) {
      return "cannot be read: " + e.getMessage();
    }
  }

  /** The preferred port if it is free. */
  private static int freePort(int preferred) throws IOException {
    InetAddress address = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    if (preferred > 0) {
      try (ServerSocket socket = new ServerSocket(preferred, 1, address)) {
        return socket.getLocalPort();
      } catch (IOException e) {
        log.debug("port {} is taken", preferred, e);
      }
    }
    try (ServerSocket socket = new ServerSocket(0, 1, address)) {
      return socket.getLocalPort();
    }
  }
}
