package attolytics.torture;

import attolytics.torture.Timeline.Effect;
import attolytics.torture.Trap.Point;
import java.util.concurrent.locks.Lock;

/** What happens between an instance and the database. */
@SuppressWarnings("try") // a window is open as long as its block runs
final class NetworkFaults {
  /** How long a trap waits for a connection. */
  static final long TRAP_MILLIS = 5_000;

  private static final int MAX_COPY_BYTES = 4_000;

  private NetworkFaults() {}

  /** What happens while the network is one's own. */
  @FunctionalInterface
  private interface Deed {
    boolean on(Proxy proxy) throws InterruptedException;
  }

  private static boolean alone(Scene scene, Strike strike, Deed deed) throws InterruptedException {
    Lock lock = scene.locks().networks().get(strike.instance());
    lock.lock();
    try (Timeline.Window away = scene.timeline().open(Effect.DATABASE_AWAY, strike.instance())) {
      return deed.on(scene.instances().get(strike.instance()).proxy());
    } finally {
      lock.unlock();
    }
  }

  static boolean cut(Scene scene, Strike strike) throws InterruptedException {
    return alone(
        scene,
        strike,
        proxy -> {
          proxy.cutAll(strike.coin());
          return true;
        });
  }

  static boolean cutInCopy(Scene scene, Strike strike) throws InterruptedException {
    int bytes = (int) (strike.size() * MAX_COPY_BYTES);
    return trap(scene, strike, new Trap(Point.IN_COPY, bytes, 0, true, strike.coin()));
  }

  static boolean cutBeforeCommit(Scene scene, Strike strike) throws InterruptedException {
    return trap(scene, strike, new Trap(Point.BEFORE_COMMIT, 0, 0, true, strike.coin()));
  }

  static boolean cutAfterCommit(Scene scene, Strike strike) throws InterruptedException {
    return trap(scene, strike, new Trap(Point.AFTER_COMMIT, 0, 0, true, strike.coin()));
  }

  static boolean cutBeforeAnswer(Scene scene, Strike strike) throws InterruptedException {
    return trap(scene, strike, new Trap(Point.BEFORE_ANSWER, 0, 0, true, strike.coin()));
  }

  /** Then goes on, or is cut. */
  static boolean stallInCopy(Scene scene, Strike strike) throws InterruptedException {
    int bytes = (int) (strike.size() * MAX_COPY_BYTES);
    return trap(
        scene, strike, new Trap(Point.IN_COPY, bytes, strike.millis(), strike.coin(), false));
  }

  static boolean stallBeforeCommit(Scene scene, Strike strike) throws InterruptedException {
    return trap(
        scene, strike, new Trap(Point.BEFORE_COMMIT, 0, strike.millis(), strike.coin(), false));
  }

  static boolean stallBeforeAnswer(Scene scene, Strike strike) throws InterruptedException {
    return trap(
        scene, strike, new Trap(Point.BEFORE_ANSWER, 0, strike.millis(), strike.coin(), false));
  }

  private static boolean trap(Scene scene, Strike strike, Trap trap) throws InterruptedException {
    return alone(
        scene,
        strike,
        proxy -> {
          proxy.arm(trap);
          try {
            if (!trap.awaitSprung(TRAP_MILLIS)) {
              return false;
            }
          } finally {
            proxy.disarm();
          }
          trap.awaitOver();
          return true;
        });
  }

  static boolean silence(Scene scene, Strike strike) throws InterruptedException {
    return alone(
        scene,
        strike,
        proxy -> {
          proxy.silence(strike.millis());
          proxy.awaitSilence();
          return true;
        });
  }

  static boolean silentFlood(Scene scene, Strike strike) throws InterruptedException {
    Lock process = scene.locks().processes().get(strike.instance());
    process.lock(); // it has to be there all the time
    try (Timeline.Window flooded = scene.timeline().open(Effect.FLOODED, strike.instance())) {
      return alone(
          scene,
          strike,
          proxy -> {
            proxy.silence(longerThanAnyAnswer(scene.settings()));
            ServiceFaults.overfill(scene, strike);
            proxy.awaitSilence();
            return true;
          });
    } finally {
      process.unlock();
    }
  }

  private static long longerThanAnyAnswer(Settings settings) {
    return settings.ackTimeout().plus(settings.slack()).plusSeconds(2).toMillis();
  }

  static boolean refuseConnections(Scene scene, Strike strike) throws InterruptedException {
    return shut(scene, strike, Proxy.Door.CLOSED);
  }

  static boolean blackHole(Scene scene, Strike strike) throws InterruptedException {
    return shut(scene, strike, Proxy.Door.SILENT);
  }

  private static boolean shut(Scene scene, Strike strike, Proxy.Door door)
      throws InterruptedException {
    return alone(
        scene,
        strike,
        proxy -> {
          proxy.setDoor(door);
          try {
            proxy.cutAll(strike.coin());
            Thread.sleep(strike.millis());
          } finally {
            proxy.setDoor(Proxy.Door.OPEN);
          }
          return true;
        });
  }
}
