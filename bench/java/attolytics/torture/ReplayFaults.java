package attolytics.torture;

import attolytics.torture.Timeline.Effect;
import attolytics.torture.Trap.Point;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.OptionalInt;
import java.util.Set;

/** {@code attolytics replay} beside the services, and what happens to it. */
final class ReplayFaults {
  /** A replay waits for others for a minute and a half at most. */
  private static final Duration PATIENCE = Duration.ofSeconds(150);

  private static final Duration START = Duration.ofSeconds(30);
  private static final long MAX_KILL_MILLIS = 400;

  /** Of the rows themselves: each start tries the COPY of each table without any. */
  private static final int MIN_COPIED_BYTES = 400;

  /** What a replay may fail for, and a reload. */
  private static final Set<Effect> TROUBLE =
      EnumSet.of(Effect.DATABASE_AWAY, Effect.CRASHED, Effect.TABLE_BROKEN, Effect.TABLE_LOCKED);

  private ReplayFaults() {}

  static boolean replay(Scene scene, Strike strike) throws Exception {
    try (Replay replay = Replay.start(scene, port(scene, strike))) {
      awaitExit(scene, replay);
    }
    return true;
  }

  static boolean kill(Scene scene, Strike strike) throws Exception {
    try (Replay replay = Replay.start(scene, port(scene, strike))) {
      replay.awaitFirst(START);
      Thread.sleep((long) (strike.size() * MAX_KILL_MILLIS));
    }
    return replay(scene, strike);
  }

  /** In the middle of a COPY or around a COMMIT, by which the next one has to go on. */
  static boolean cut(Scene scene, Strike strike) throws Exception {
    Point[] points = Point.values();
    Point point = points[(int) (strike.size() * points.length)];
    int afterBytes = point == Point.IN_COPY ? MIN_COPIED_BYTES : 0;
    Trap trap = new Trap(point, afterBytes, 0, true, strike.coin());
    boolean hit;
    try (Proxy proxy = new Proxy(scene.server().port())) {
      proxy.arm(trap);
      try (Replay replay = Replay.start(scene, proxy.port())) {
        hit = replay.awaitWhileRunning(trap, START);
        if (!strike.coin()) {
          awaitExit(scene, replay);
        }
      }
    }
    return hit && replay(scene, strike);
  }

  static boolean twice(Scene scene, Strike strike) throws Exception {
    try (Replay one = Replay.start(scene, port(scene, strike));
        Replay other = Replay.start(scene, scene.server().port())) {
      awaitExit(scene, one);
      awaitExit(scene, other);
    }
    return true;
  }

  static boolean restart(Scene scene, Strike strike) throws Exception {
    try (Replay replay = Replay.start(scene, port(scene, strike))) {
      replay.awaitFirst(START);
      ServerFaults.restartOrCrash(scene, strike);
      awaitExit(scene, replay);
    }
    return true;
  }

  /** By way of PgBouncer, or not. */
  private static int port(Scene scene, Strike strike) {
    Pooler pooler = scene.pooler();
    return pooler == null || strike.coin() ? scene.server().port() : pooler.port();
  }

  private static void awaitExit(Scene scene, Replay replay)
      throws IOException, InterruptedException {
    OptionalInt exitCode = replay.awaitExit(PATIENCE);
    if (exitCode.isEmpty()) {
      scene.findings().add("a replay does not end", replay + "\n" + replay.log());
    } else if (!mayExitWith(exitCode.getAsInt(), scene, replay)) {
      scene
          .findings()
          .add(
              "a replay fails",
              replay + " exited with " + exitCode.getAsInt() + "\n" + replay.log());
    }
  }

  private static boolean mayExitWith(int exitCode, Scene scene, Replay replay) {
    return switch (exitCode) {
      case 0, 3 -> true;
      case 1 -> isInTrouble(scene, replay.from());
      default -> false;
    };
  }

  /** Whether the database or a table was, for anybody, since that time. */
  static boolean isInTrouble(Scene scene, long from) {
    long now = System.nanoTime();
    return TROUBLE.stream()
        .anyMatch(
            effect ->
                scene.timeline().felt(effect, Timeline.ALL, from, now)
                    || scene.timeline().feltByTables(effect, Database.EVERYTHING, from, now));
  }

  /** The last one, with nothing beside it: everything that can be stored is, afterwards. */
  static void replayAll(Scene scene) throws IOException, InterruptedException, SQLException {
    try (Replay replay = Replay.start(scene, scene.server().port())) {
      int exitCode = replay.awaitExit(PATIENCE).orElse(-1);
      long left = QuarantineFaults.count(scene, "true");
      boolean isTold = replay.log().contains("\nleft: " + left + "\n");
      if (exitCode != (left == 0 ? 0 : 3) || !isTold) {
        scene
            .findings()
            .add(
                "the last replay fails",
                replay + " exited with " + exitCode + ", " + left + " left\n" + replay.log());
      }
    }
  }
}
