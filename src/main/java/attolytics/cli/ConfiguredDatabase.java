package attolytics.cli;

import attolytics.app.StartSteps;
import attolytics.embedded.DataDirectory;
import attolytics.embedded.EmbeddedDatabase;
import attolytics.schema.Schema;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.Settings;
import attolytics.settings.StartException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** The database that a start would use, for the other commands. */
final class ConfiguredDatabase implements AutoCloseable {
  private final DatabaseUrl url;
  private final @Nullable CommandServer started;

  private ConfiguredDatabase(DatabaseUrl url, @Nullable CommandServer started) {
    this.url = url;
    this.started = started;
  }

  /**
   * Finds the database. An embedded one that is not running is started, and stopped when this is
   * closed, or a signal ends the process.
   *
   * @return null if it is an embedded one that does not exist yet
   */
  static @Nullable ConfiguredDatabase find(Settings settings, Schema schema)
      throws StartException, InterruptedException {
    DatabaseUrl configured = StartSteps.configuredUrl(settings, schema);
    if (configured != null) {
      return new ConfiguredDatabase(configured, null);
    }
    DataDirectory directory = DataDirectory.of(settings.dataDir());
    if (!directory.hasData()) {
      directory.refuseToCreate();
      return null;
    }
    DatabaseUrl running = EmbeddedDatabase.runningIn(directory.path());
    if (running != null) {
      return new ConfiguredDatabase(running, null);
    }
    CommandServer server = CommandServer.start(directory.path());
    return new ConfiguredDatabase(server.url(), server);
  }

  DatabaseUrl url() {
    return url;
  }

  /** At zero, a signal ends the command, and its database stops. */
  CountDownLatch stop() {
    return started == null ? new CountDownLatch(1) : started.stop();
  }

  @Override
  public void close() {
    if (started != null) {
      started.close();
    }
  }
}
