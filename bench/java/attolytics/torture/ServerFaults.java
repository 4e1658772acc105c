package attolytics.torture;

import attolytics.bench.process.PostgresServer.Mode;
import attolytics.torture.Timeline.Effect;
import attolytics.torture.Trap.Point;
import java.io.OutputStream;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.stream.Stream;

/** What happens to the server. */
@SuppressWarnings("try") // a window is open as long as its block runs
final class ServerFaults {
  /** How often the service's sessions are ended, or cancelled, in one fault. */
  private static final int TIMES = 5;

  /** How long a COMMIT is held up while the server crashes. */
  private static final long MAX_CRASH_MILLIS = 500;

  private static final String SESSIONS =
      " FROM pg_stat_activity WHERE usename = '" + Database.ROLE + "'";

  private static final String POOLED_SESSIONS =
      SESSIONS + " AND application_name LIKE '" + Pooler.APPLICATION_NAME + "'";

  private ServerFaults() {}

  /** What happens while the database is away, or seems so. */
  @FunctionalInterface
  private interface Deed {
    boolean run() throws Exception;
  }

  private static boolean away(Scene scene, Lock lock, Deed deed) throws Exception {
    lock.lock();
    try (Timeline.Window away = scene.timeline().open(Effect.DATABASE_AWAY, Timeline.ALL)) {
      return deed.run();
    } finally {
      lock.unlock();
    }
  }

  /** Others may change the server at the same time, but not stop it. */
  private static boolean shared(Scene scene, Deed deed) throws Exception {
    return away(scene, scene.locks().server().readLock(), deed);
  }

  private static boolean alone(Scene scene, Deed deed) throws Exception {
    return away(scene, scene.locks().server().writeLock(), deed);
  }

  private static boolean crashing(Scene scene, Deed deed) throws Exception {
    try (Timeline.Window crashed = scene.timeline().open(Effect.CRASHED, Timeline.ALL)) {
      return alone(scene, deed);
    }
  }

  static boolean terminateBackends(Scene scene, Strike strike) throws Exception {
    return repeatedly(scene, strike, "SELECT pg_terminate_backend(pid)" + SESSIONS);
  }

  static boolean cancelBackends(Scene scene, Strike strike) throws Exception {
    return repeatedly(scene, strike, "SELECT pg_cancel_backend(pid)" + SESSIONS);
  }

  private static boolean repeatedly(Scene scene, Strike strike, String query) throws Exception {
    return shared(
        scene,
        () -> {
          for (int i = 0; i < 1 + strike.size() * TIMES; i++) {
            scene.database().execute(query);
            Thread.sleep(strike.millis() / TIMES / 4);
          }
          return true;
        });
  }

  static boolean killBackend(Scene scene, Strike strike) throws Exception {
    return crashing(
        scene,
        () -> {
          List<Long> backends = backends(scene);
          if (backends.isEmpty()) {
            return false;
          }
          Signal.KILL.send(backends.get((int) (strike.size() * backends.size())));
          scene.database().execute("SELECT 1");
          return true;
        });
  }

  static boolean freezeBackends(Scene scene, Strike strike) throws Exception {
    return alone(
        scene,
        () -> {
          List<Long> backends = backends(scene);
          freeze(backends, strike);
          return !backends.isEmpty();
        });
  }

  static boolean freezePostmaster(Scene scene, Strike strike) throws Exception {
    return alone(
        scene,
        () -> {
          freeze(List.of(scene.server().pid()), strike);
          return true;
        });
  }

  static boolean freezeServer(Scene scene, Strike strike) throws Exception {
    return alone(
        scene,
        () -> {
          long postmaster = scene.server().pid();
          List<Long> all =
              ProcessHandle.of(postmaster)
                  .map(handle -> Stream.concat(Stream.of(handle), handle.children()))
                  .orElse(Stream.empty())
                  .map(ProcessHandle::pid)
                  .toList();
          freeze(all, strike);
          return true;
        });
  }

  private static void freeze(List<Long> pids, Strike strike) throws Exception {
    Signal.STOP.send(pids);
    try {
      Thread.sleep(strike.millis());
    } finally {
      Signal.CONT.send(pids);
    }
  }

  private static List<Long> backends(Scene scene) throws SQLException {
    return scene.database().backends().stream().map(Integer::longValue).toList();
  }

  static boolean restart(Scene scene, Strike strike) throws Exception {
    return stopAndStart(scene, strike, Mode.FAST);
  }

  static boolean crash(Scene scene, Strike strike) throws Exception {
    try (Timeline.Window crashed = scene.timeline().open(Effect.CRASHED, Timeline.ALL)) {
      return stopAndStart(scene, strike, Mode.IMMEDIATE);
    }
  }

  /** Either of the two. */
  static boolean restartOrCrash(Scene scene, Strike strike) throws Exception {
    return strike.size() < 0.5 ? restart(scene, strike) : crash(scene, strike);
  }

  /** Away for some time, or only as long as it takes. */
  private static boolean stopAndStart(Scene scene, Strike strike, Mode mode) throws Exception {
    return alone(
        scene,
        () -> {
          scene.server().stop(mode);
          try {
            Thread.sleep(strike.coin() ? strike.millis() : 0);
          } finally {
            scene.server().startAgain();
          }
          return true;
        });
  }

  static boolean crashAtCommit(Scene scene, Strike strike) throws Exception {
    Lock network = scene.locks().networks().get(strike.instance());
    network.lock();
    try {
      return crashing(scene, () -> crashWhenTrapped(scene, strike));
    } finally {
      network.unlock();
    }
  }

  private static boolean crashWhenTrapped(Scene scene, Strike strike) throws Exception {
    Proxy proxy = scene.instances().get(strike.instance()).proxy();
    Trap trap = new Trap(Point.BEFORE_COMMIT, 0, MAX_CRASH_MILLIS, true, strike.coin());
    Process gun = Signal.QUIT.aim(scene.server().pid());
    try (OutputStream trigger = gun.getOutputStream()) {
      proxy.arm(trap);
      if (!trap.awaitSprung(NetworkFaults.TRAP_MILLIS)) {
        return false;
      }
      trigger.write('\n');
      trigger.flush();
      gun.waitFor();
      trap.awaitOver();
    } finally {
      proxy.disarm();
      gun.destroy();
    }
    scene.server().stop(Mode.IMMEDIATE); // waits for its end
    scene.server().startAgain();
    return true;
  }

  static boolean noMoreConnections(Scene scene, Strike strike) throws Exception {
    return shared(
        scene,
        () -> {
          scene.database().execute("ALTER ROLE " + Database.ROLE + " CONNECTION LIMIT 0");
          try {
            scene.database().execute("SELECT pg_terminate_backend(pid)" + SESSIONS);
            Thread.sleep(strike.millis());
          } finally {
            scene.database().execute("ALTER ROLE " + Database.ROLE + " CONNECTION LIMIT -1");
          }
          return true;
        });
  }

  /** New sessions only; those that began meanwhile stay so: the service has to take others. */
  static boolean readOnly(Scene scene, Strike strike) throws Exception {
    String setting = "ALTER ROLE " + Database.ROLE + " SET default_transaction_read_only = ";
    return shared(
        scene,
        () -> {
          scene.database().execute(setting + "on");
          try {
            scene.database().execute("SELECT pg_terminate_backend(pid)" + SESSIONS);
            Thread.sleep(strike.millis());
          } finally {
            scene.database().execute(setting + "off");
            // A pooler's client cannot give a session up: an administrator has to. Those that were
            // just beginning are not to be seen at once.
            scene.database().execute("SELECT pg_terminate_backend(pid)" + POOLED_SESSIONS);
            Thread.sleep(1_000);
            scene.database().execute("SELECT pg_terminate_backend(pid)" + POOLED_SESSIONS);
          }
          return true;
        });
  }

  /** As the service sees it: a trigger says so. */
  static boolean diskFull(Scene scene, Strike strike) throws Exception {
    Lock tables = scene.locks().tables().writeLock();
    tables.lock();
    try {
      return shared(
          scene,
          () -> {
            for (String table : Database.TABLES) {
              scene
                  .database()
                  .execute(
                      "CREATE TRIGGER disk_full BEFORE INSERT ON "
                          + table
                          + " FOR EACH STATEMENT EXECUTE FUNCTION disk_full()");
            }
            try {
              Thread.sleep(strike.millis());
            } finally {
              for (String table : Database.TABLES) {
                scene.database().execute("DROP TRIGGER disk_full ON " + table);
              }
            }
            return true;
          });
    } finally {
      tables.unlock();
    }
  }
}
