package attolytics.cli;

import attolytics.embedded.EmbeddedDatabase;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded PostgreSQL that a command has started. Its process would survive this one, so a
 * shutdown hook stops it when a signal ends the command. Unlike the handlers of the service, the
 * hook leaves the exit code to the signal, and ends a command that waits for another database at
 * once.
 */
final class CommandServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CommandServer.class);
  private static final Duration POLL = Duration.ofMillis(20);

  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch startEnded = new CountDownLatch(1);
  private final Thread hook = new Thread(this::stopWithTheProcess, "embedded-postgresql-stop");
  private volatile @Nullable EmbeddedDatabase database;

  private CommandServer() {}

  /** Starts the server on data that exists. */
  static CommandServer start(Path dataDir) throws StartException, InterruptedException {
    CommandServer server = new CommandServer();
    Runtime.getRuntime().addShutdownHook(server.hook); // before there is anything to stop
    try {
      server.database = EmbeddedDatabase.start(dataDir, server::pause);
    } finally {
      server.startEnded.countDown();
      if (server.database == null) {
        server.removeHook();
      }
    }
    return server;
  }

  private void pause() throws InterruptedException {
    if (stop.await(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new InterruptedException("stopped while the embedded PostgreSQL was starting");
    }
  }

  private void stopWithTheProcess() {
    stop.countDown();
    try {
      startEnded.await();
    } catch (InterruptedException e) {
      log.debug("interrupted in the shutdown", e);
    }
    closeDatabase();
  }

  /** At zero, a signal ends the command. */
  CountDownLatch stop() {
    return stop;
  }

  DatabaseUrl url() {
    EmbeddedDatabase running = database;
    if (running == null) {
      throw new IllegalStateException("not started");
    }
    return running.url();
  }

  private void closeDatabase() {
    EmbeddedDatabase running = database;
    if (running != null) {
      running.close();
    }
  }

  /** The hook is there until the server has stopped. */
  @Override
  public void close() {
    closeDatabase();
    removeHook();
  }

  private void removeHook() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      log.debug("the hook runs already", e);
    }
  }
}
