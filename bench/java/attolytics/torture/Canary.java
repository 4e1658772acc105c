package attolytics.torture;

import attolytics.torture.Timeline.Effect;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Commits to the server by itself, past the services and proxies: when that takes long, the machine
 * or its disk is busy with something else, and what the services do late then is not held against
 * them.
 */
final class Canary {
  private static final long PAUSE_MILLIS = 100;
  private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Scene scene;
  private final AtomicLong slowNanos = new AtomicLong();

  Canary(Scene scene) {
    this.scene = scene;
  }

  /** Goes on until the JVM ends. */
  void start() throws SQLException, InterruptedException {
    scene.database().execute("CREATE TABLE canary (n INT8)", "INSERT INTO canary VALUES (0)");
    Wire.daemon("canary", this::run);
  }

  /** For how long the machine was slow, in seconds. */
  double slowSeconds() {
    return slowNanos.get() / 1e9;
  }

  private void run() {
    try {
      while (true) {
        try (Connection connection = scene.database().connect();
            Statement sql = connection.createStatement()) {
          while (true) {
            sing(sql);
            Thread.sleep(PAUSE_MILLIS);
          }
        } catch (SQLException e) {
          Thread.sleep(PAUSE_MILLIS); // a fault, which has a window of its own
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sing(Statement sql) throws SQLException {
    long from = System.nanoTime();
    sql.execute("UPDATE canary SET n = n + 1");
    long took = System.nanoTime() - from;
    if (took > SLOW_NANOS) {
      scene.timeline().add(Effect.DATABASE_AWAY, Timeline.ALL, from, from + took);
      slowNanos.addAndGet(took);
    }
  }
}
