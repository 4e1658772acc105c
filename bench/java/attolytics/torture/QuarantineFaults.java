package attolytics.torture;

import attolytics.schema.Quarantine;
import attolytics.torture.Timeline.Effect;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;

/** What an operator and time do to the events in quarantine. */
@SuppressWarnings("try") // a window is open as long as its block runs
final class QuarantineFaults {
  /** How many events of an app may be in quarantine. */
  static final int MAX_ROWS = 20_000;

  /** In what time the service has to act on a bound, and a bit more. */
  private static final long BOUNDS_SECONDS = 10 + 5;

  private static final long RELOAD_SECONDS = 30;
  private static final String RELOADS = "attolytics_schema_reloads_total";

  /** What is no event any more. */
  static final String EXPIRED = "event = '\"expired\"'";

  private static final String FILLER = "event = '\"filler\"'";

  /** Of those that nothing makes valid; the copies are for the oracle. */
  private static final String EXPIRE =
      """
      WITH old AS (
        SELECT id, event FROM %s WHERE event NOT LIKE '%%"%s"%%' AND NOT %s AND NOT %s
        ORDER BY id FOR UPDATE SKIP LOCKED
      ), kept AS (
        INSERT INTO set_aside SELECT event FROM old
      )
      UPDATE %s AS expired SET received_at = now() - interval '31 days', event = '"expired"'
      FROM old WHERE expired.id = old.id"""
          .formatted(Quarantine.NAME, Database.CORRECTED_COLUMN, EXPIRED, FILLER, Quarantine.NAME);

  private QuarantineFaults() {}

  /** The tables are whole and the server is there meanwhile: a reload is refused else. */
  static boolean reload(Scene scene, Strike strike) throws Exception {
    scene.locks().processes().forEach(Lock::lock); // one that starts would be ended by SIGHUP
    Lock tables = scene.locks().tables().readLock();
    tables.lock();
    try {
      Database.writeSchema(scene.schema(), strike.coin());
      for (Instance instance : scene.instances()) {
        reload(scene, instance);
      }
    } finally {
      tables.unlock();
      scene.locks().processes().forEach(Lock::unlock);
    }
    return true;
  }

  /** It has to be done, unless something else is wrong. */
  private static void reload(Scene scene, Instance instance)
      throws IOException, InterruptedException {
    double done = instance.metric(RELOADS + "{outcome=\"done\"}");
    double refused = instance.metric(RELOADS + "{outcome=\"refused\"}");
    long from = System.nanoTime();
    Signal.HUP.send(instance.process().pid());
    long deadline = from + TimeUnit.SECONDS.toNanos(RELOAD_SECONDS);
    boolean isDone = false;
    boolean isRefused = false;
    while (!isDone && !isRefused && System.nanoTime() - deadline < 0) {
      Thread.sleep(50);
      isDone = instance.metric(RELOADS + "{outcome=\"done\"}") > done;
      isRefused = instance.metric(RELOADS + "{outcome=\"refused\"}") > refused;
    }
    if (scene.settings().timed() && !isDone && !ReplayFaults.isInTrouble(scene, from)) {
      scene
          .findings()
          .add(
              isRefused ? "a reload is refused" : "a reload does not end",
              instance + "\n" + instance.endOfLog());
    }
  }

  static boolean expire(Scene scene, Strike strike) throws SQLException, InterruptedException {
    scene.database().execute(EXPIRE);
    return true;
  }

  /** The services have to delete what has expired. */
  static void awaitExpired(Scene scene) throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOUNDS_SECONDS);
    long left = count(scene, EXPIRED);
    while (left > 0 && System.nanoTime() - deadline < 0) {
      Thread.sleep(200);
      left = count(scene, EXPIRED);
    }
    if (left > 0) {
      scene.findings().add("events outlive their time to live", left + " of them");
    }
  }

  static long count(Scene scene, String condition) throws SQLException {
    try (Connection connection = scene.database().connect();
        Statement sql = connection.createStatement();
        ResultSet result =
            sql.executeQuery("SELECT count(*) FROM " + Quarantine.NAME + " WHERE " + condition)) {
      result.next();
      return result.getLong(1);
    }
  }

  /** The bound has to be noticed, by one of the instances. */
  static boolean fill(Scene scene, Strike strike) throws SQLException, InterruptedException {
    Handling handling = strike.coin() ? Handling.LENIENT : Handling.LENIENT_PREFERRED;
    long from = System.nanoTime();
    try (Timeline.Window full = scene.timeline().open(Effect.QUARANTINE_FULL, Timeline.ALL)) {
      scene.database().execute(insertFiller(handling.app()));
      try {
        if (!isNoticed(scene, strike, handling)
            && !scene
                .timeline()
                .felt(Effect.DATABASE_AWAY, strike.instance(), from, System.nanoTime())
            && !scene.timeline().felt(Effect.DOWN, strike.instance(), from, System.nanoTime())) {
          scene.findings().add("a quarantine without a bound", strike.toString());
        }
      } finally {
        scene.database().execute("DELETE FROM " + Quarantine.NAME + " WHERE " + FILLER);
      }
    }
    return true;
  }

  private static boolean isNoticed(Scene scene, Strike strike, Handling handling)
      throws InterruptedException {
    Client client = new Client(scene, "probe-" + strike.afterMillis());
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOUNDS_SECONDS);
    while (System.nanoTime() - deadline < 0) {
      if (client.probe(strike.instance(), handling)) {
        return true;
      }
      Thread.sleep(500);
    }
    return false;
  }

  private static String insertFiller(String app) {
    return ("INSERT INTO %s (received_at, app, code, event)"
            + " SELECT now(), '%s', 'filler', '\"filler\"' FROM generate_series(1, %d)")
        .formatted(Quarantine.NAME, app, MAX_ROWS);
  }
}
