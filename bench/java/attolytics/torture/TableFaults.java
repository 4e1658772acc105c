package attolytics.torture;

import attolytics.database.IdempotencyTable;
import attolytics.schema.Quarantine;
import attolytics.torture.Timeline.Effect;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Lock;
import org.postgresql.util.PSQLState;

/** What happens to one table, which others must not feel. */
@SuppressWarnings("try") // a window is open as long as its block runs
final class TableFaults {
  private static final int MAX_HELD_KEYS = 150;
  private static final String HOLD =
      "INSERT INTO " + IdempotencyTable.NAME + " (app, key, fingerprint) VALUES (?, ?, '')";

  private static final long BEYOND_ACK_TIMEOUT_MILLIS = 2_000;

  // Of a deadlock; Database.DEADLOCK_MILLIS is the service's time to look for it.
  private static final int HOLDS_ONE_MILLIS = 200;
  private static final int LOOKS_FIRST_MILLIS = 50;
  private static final int LOOKS_LAST_MILLIS = 2_000;

  private TableFaults() {}

  /** What happens while the table is one's own. */
  @FunctionalInterface
  private interface Deed {
    void run() throws Exception;
  }

  private static boolean alone(Scene scene, Effect effect, int tables, Deed deed) throws Exception {
    Lock lock = scene.locks().tables().writeLock();
    Lock server = scene.locks().server().readLock();
    lock.lock();
    server.lock();
    // A change of a table makes others wait until it has the lock.
    try (Timeline.Window window = scene.timeline().openForTables(effect, tables);
        Timeline.Window locked = scene.timeline().openForTables(Effect.TABLE_LOCKED, tables)) {
      deed.run();
    } finally {
      server.unlock();
      lock.unlock();
    }
    return true;
  }

  private static boolean broken(Scene scene, Strike strike, String[] breaking, String[] repair)
      throws Exception {
    return alone(
        scene,
        Effect.TABLE_BROKEN,
        1 << strike.table(),
        () -> {
          scene.database().execute(breaking);
          try {
            Thread.sleep(strike.millis());
          } finally {
            scene.database().execute(repair);
          }
        });
  }

  /** The rows that it had are kept elsewhere. */
  static boolean drop(Scene scene, Strike strike) throws Exception {
    String table = Database.TABLES.get(strike.table());
    String keep =
        strike.table() == Database.DEDUPLICATED
            ? "CREATE TABLE kept AS SELECT * FROM " + table
            : "INSERT INTO removed SELECT '%s', request, event FROM %s".formatted(table, table);
    String[] breaking = {
      "LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE", keep, "DROP TABLE " + table
    };
    return broken(scene, strike, breaking, createAgain(strike.table()));
  }

  /** Without the rows that it had, but for the table that has to know its events. */
  private static String[] createAgain(int table) {
    List<String> statements = new ArrayList<>(List.of(Database.createTable(table)));
    if (table == Database.DEDUPLICATED) {
      statements.add(
          "INSERT INTO %s SELECT * FROM kept WHERE request <> %d"
              .formatted(Database.TABLES.get(table), Database.NO_REQUEST));
      statements.add("DROP TABLE kept");
    }
    return statements.toArray(String[]::new);
  }

  static boolean rename(Scene scene, Strike strike) throws Exception {
    String table = Database.TABLES.get(strike.table());
    String[] breaking = {"ALTER TABLE " + table + " RENAME TO away"};
    String[] repair = {"ALTER TABLE away RENAME TO " + table};
    return broken(scene, strike, breaking, repair);
  }

  static boolean revoke(Scene scene, Strike strike) throws Exception {
    String table = Database.TABLES.get(strike.table());
    String[] breaking = {"REVOKE INSERT ON " + table + " FROM " + Database.ROLE};
    String[] repair = {"GRANT INSERT ON " + table + " TO " + Database.ROLE};
    return broken(scene, strike, breaking, repair);
  }

  static boolean lock(Scene scene, Strike strike) throws Exception {
    return alone(
        scene,
        Effect.TABLE_LOCKED,
        1 << strike.table(),
        () -> {
          try (Connection connection = scene.database().connect();
              Statement sql = connection.createStatement()) {
            connection.setAutoCommit(false);
            lock(sql, strike.table());
            Thread.sleep(strike.coin() ? longerThanAnyWait(scene, strike) : strike.millis());
            connection.rollback();
          }
        });
  }

  static boolean lockKeys(Scene scene, Strike strike) throws Exception {
    return lockOwn(scene, strike, IdempotencyTable.NAME, Database.KEYS);
  }

  static boolean lockQuarantine(Scene scene, Strike strike) throws Exception {
    return lockOwn(scene, strike, Quarantine.NAME, Database.QUARANTINE);
  }

  /** Locks a table of the service's own. */
  private static boolean lockOwn(Scene scene, Strike strike, String table, int bit)
      throws Exception {
    return alone(
        scene,
        Effect.TABLE_LOCKED,
        bit,
        () -> {
          try (Connection connection = scene.database().connect();
              Statement sql = connection.createStatement()) {
            connection.setAutoCommit(false);
            sql.execute("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE");
            Thread.sleep(strike.coin() ? longerThanAnyWait(scene, strike) : strike.millis());
            connection.rollback();
          }
        });
  }

  /** As if another instance had them, which is frozen and then gives up. */
  static boolean holdKeys(Scene scene, Strike strike) throws Exception {
    Map<Client, Request> requests = new HashMap<>();
    for (int i = 0; i < 1 + strike.size() * MAX_HELD_KEYS; i++) {
      Client client = new Client(scene, "held-" + strike.afterMillis() + "-" + i);
      requests.put(client, client.heldKey());
    }
    List<Thread> threads = new ArrayList<>();
    alone(
        scene,
        Effect.TABLE_LOCKED,
        Database.HELD_KEYS,
        () -> hold(scene, strike, requests, threads));
    ServiceFaults.join(threads, scene);
    return true;
  }

  private static void hold(
      Scene scene, Strike strike, Map<Client, Request> requests, List<Thread> threads)
      throws Exception {
    try (Connection connection = scene.database().connect();
        PreparedStatement sql = connection.prepareStatement(HOLD)) {
      connection.setAutoCommit(false);
      for (Request request : requests.values()) {
        sql.setString(1, Database.APP);
        sql.setString(2, request.key());
        sql.addBatch();
      }
      sql.executeBatch();
      requests.forEach(
          (client, request) -> threads.add(client.start(() -> client.sendHeld(request))));
      Thread.sleep(strike.coin() ? longerThanAnyWait(scene, strike) : strike.millis());
      connection.rollback();
    }
  }

  /** Were others held up by it, they would not just be late, but get a 503 that is not theirs. */
  private static long longerThanAnyWait(Scene scene, Strike strike) {
    return Math.max(
        strike.millis(), scene.settings().ackTimeout().toMillis() + BEYOND_ACK_TIMEOUT_MILLIS);
  }

  /**
   * Takes the tables in another order than the service does: one of the two loses, the one that
   * looks for a deadlock first.
   */
  static boolean deadlock(Scene scene, Strike strike) throws Exception {
    Path log = scene.settings().out().resolve(TortureRun.SERVER_LOG);
    long logged = Files.size(log);
    alone(
        scene,
        Effect.TABLE_LOCKED,
        Database.ALL_TABLES,
        () -> {
          try (Connection connection = scene.database().connect();
              Statement sql = connection.createStatement()) {
            sql.execute(
                "SET deadlock_timeout = '%d ms'"
                    .formatted(strike.coin() ? LOOKS_FIRST_MILLIS : LOOKS_LAST_MILLIS));
            connection.setAutoCommit(false);
            lock(sql, 1 + strike.table() % (Database.TABLES.size() - 1));
            Thread.sleep(HOLDS_ONE_MILLIS);
            lock(sql, 0);
            connection.rollback();
          } catch (SQLException e) {
            if (!PSQLState.DEADLOCK_DETECTED.getState().equals(e.getSQLState())) {
              throw e;
            }
          }
        });
    try (InputStream news = Files.newInputStream(log)) {
      news.skipNBytes(logged);
      return new String(news.readAllBytes(), StandardCharsets.UTF_8).contains("deadlock detected");
    }
  }

  private static void lock(Statement sql, int table) throws SQLException {
    sql.execute("LOCK TABLE " + Database.TABLES.get(table) + " IN ACCESS EXCLUSIVE MODE");
  }
}
