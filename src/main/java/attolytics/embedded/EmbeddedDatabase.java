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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server of the service's own, for who configures none, in a {@link DataDirectory}.
 *
 * <p>The server listens on the loopback address, on the port of its last run if that is free. It is
 * a process of its own that survives a crash of this one: the next start takes it over. If it ends
 * while this process runs, it is started again, on the same port. Nothing stops it but {@link
 * #close}; there is no shutdown hook, as it must outlive the drain.
 */
public final class EmbeddedDatabase implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);
  static final String USER = "postgres";
  private static final String DATABASE = "attolytics";

  private static final Duration POLL = Duration.ofMillis(20);

  /** How often it is looked whether the server is there. */
  private static final Duration LOOK = Duration.ofMillis(250);

  private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);
  private static final Duration LAST_BACKOFF = Duration.ofSeconds(30);

  /** For a restart that is under way to notice that it is not wanted any more. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

  private final DataDirectory directory;
  private final DataLock lock;
  private final EmbeddedServer server;
  private final String password;
  private final int port;
  private final boolean adopted;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread supervisor = new Thread(this::supervise, "embedded-postgresql");
  private volatile @Nullable String trouble;

  private EmbeddedDatabase(
      DataDirectory directory,
      DataLock lock,
      List<PostgresPrograms.Account> accounts,
      EmbeddedServer.Pause pause)
      throws StartException, IOException, InterruptedException {
    this.directory = directory;
    this.lock = lock;
    PostgresPrograms programs = directory.programs(accounts);
    PasswordFile file = directory.passwordFile();
    password = file.password();
    directory.createData(programs, password);
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
      file.write(port);
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

  /**
   * Starts the server as {@link #start(Path, EmbeddedServer.Pause)} does, however long it takes.
   */
  public static EmbeddedDatabase start(Path dataDir) throws StartException, InterruptedException {
    return start(dataDir, PostgresPrograms.accounts());
  }

  public static EmbeddedDatabase start(Path dataDir, List<PostgresPrograms.Account> accounts)
      throws StartException, InterruptedException {
    return start(dataDir, accounts, () -> TimeUnit.NANOSECONDS.sleep(POLL.toNanos()));
  }

  /**
   * Starts the server, creating its data on the first run, or takes over one that was left running.
   *
   * @param dataDir created if missing
   * @param pause taken again and again while the server starts, which may be a long recovery
   * @throws StartException if that is impossible here: the problem and what to do
   * @throws InterruptedException if the pause says so; no server is left running
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
      lock = DataLock.take(directory.path());
      EmbeddedDatabase database = new EmbeddedDatabase(directory, lock, accounts, pause);
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

  /** The server that runs on the data now, whichever process has started it, or null. */
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

  /** Where the service connects to. */
  public DatabaseUrl url() {
    return url(port, password);
  }

  private static DatabaseUrl url(int port, String password) {
    return DatabaseUrl.parse(
        "postgres://%s:%s@%s:%d/%s"
            .formatted(USER, password, EmbeddedServer.ADDRESS, port, DATABASE));
  }

  public int port() {
    return port;
  }

  /** Whether the server was left running by an earlier process. */
  boolean adopted() {
    return adopted;
  }

  /** Why the server does not run now, or null if it does. Any thread, at once. */
  public @Nullable String problem() {
    return trouble;
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
            + " to look inside: PGPASSFILE='{}' psql -h {} -p {} -U {} {}",
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
        pause(LOOK);
        look();
      }
    } catch (InterruptedException e) {
      log.debug("the embedded PostgreSQL is not supervised any more", e);
    }
  }

  private void look() throws InterruptedException {
    try {
      if (server.isAlive()) {
        trouble = null;
      } else {
        restart();
      }
    } catch (RuntimeException | Error e) { // which may pass: the next look tells
      trouble = "the embedded PostgreSQL cannot be supervised: " + e;
      GuardedTask.of(
              () -> log.error("the embedded PostgreSQL in {} cannot be supervised", data(), e))
          .run();
    }
  }

  /** Until the end, or at once when closed. */
  private void pause(Duration time) throws InterruptedException {
    if (closing.await(time.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new InterruptedException("closed");
    }
  }

  private void restart() throws InterruptedException {
    trouble = "the embedded PostgreSQL has ended, starting it again";
    log.atError()
        .addMarker(LogMarkers.STATE_CHANGE)
        .log(
            "the embedded PostgreSQL in {} has ended, starting it again; the end of its log: {}",
            data(),
            lastWords());
    Duration backoff = FIRST_BACKOFF;
    while (!tryToStart(backoff)) {
      pause(backoff);
      Duration twice = backoff.multipliedBy(2);
      backoff = twice.compareTo(LAST_BACKOFF) < 0 ? twice : LAST_BACKOFF;
    }
    trouble = null;
    log.atInfo()
        .addMarker(LogMarkers.STATE_CHANGE)
        .log("the embedded PostgreSQL in {} runs again, port {}", data(), port);
  }

  private boolean tryToStart(Duration backoff) throws InterruptedException {
    try {
      Integer running = server.adopt(() -> pause(POLL));
      if (running == null) {
        server.launch(port, () -> pause(POLL));
      } else if (running != port) {
        throw new StartException(
            "somebody has started it on port %d instead of %d: stop it".formatted(running, port));
      }
      return true;
    } catch (StartException | IOException e) {
      trouble = "the embedded PostgreSQL has ended: " + e.getMessage();
      log.error(
          "cannot start the embedded PostgreSQL in {} again, next attempt in {} s: {}",
          data(),
          backoff.toSeconds(),
          e.getMessage());
      return false;
    } catch (RuntimeException | Error e) { // with all that tells what it is
      trouble = "the embedded PostgreSQL has ended: " + e;
      log.error(
          "cannot start the embedded PostgreSQL in {} again, next attempt in {} s",
          data(),
          backoff.toSeconds(),
          e);
      return false;
    }
  }

  private String lastWords() {
    try {
      return server.lastWords();
    } catch (IOException e) {
      return "cannot be read: " + e.getMessage();
    }
  }

  /** The preferred one if nobody has it. */
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
