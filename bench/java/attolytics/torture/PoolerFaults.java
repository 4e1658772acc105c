package attolytics.torture;

import attolytics.torture.Timeline.Effect;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;

/** What happens to PgBouncer; nothing where there is none. */
final class PoolerFaults {
  private PoolerFaults() {}

  /** What happens while it is one's own. */
  @FunctionalInterface
  private interface Deed {
    void on(Pooler pooler) throws Exception;
  }

  private static boolean alone(Scene scene, Deed deed) throws Exception {
    Pooler pooler = scene.pooler();
    if (pooler == null) {
      return false;
    }
    List<Lock> networks = new ArrayList<>();
    List<Timeline.Window> away = new ArrayList<>();
    for (Instance instance : scene.pooled()) {
      Lock network = scene.locks().networks().get(instance.number());
      network.lock();
      networks.add(network);
      away.add(scene.timeline().open(Effect.DATABASE_AWAY, instance.number()));
    }
    try {
      deed.on(pooler);
    } finally {
      away.forEach(Timeline.Window::close);
      networks.forEach(Lock::unlock);
    }
    return true;
  }

  static boolean restart(Scene scene, Strike strike) throws Exception {
    return alone(
        scene,
        pooler -> {
          if (strike.coin()) {
            Signal.KILL.send(pooler.pid());
          }
          pooler.stop();
          try {
            Thread.sleep(strike.size() < 0.5 ? strike.millis() : 0);
          } finally {
            pooler.start();
            scene.pooled().forEach(each -> each.proxy().setDatabasePort(pooler.port()));
          }
        });
  }

  static boolean freeze(Scene scene, Strike strike) throws Exception {
    return alone(
        scene,
        pooler -> {
          Signal.STOP.send(pooler.pid());
          try {
            Thread.sleep(strike.millis());
          } finally {
            Signal.CONT.send(pooler.pid());
          }
        });
  }
}
