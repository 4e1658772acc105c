package attolytics.torture;

import attolytics.torture.Timeline.Effect;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;

/** What happens to an instance's process, or comes from its clients. */
@SuppressWarnings("try") // a window is open as long as its block runs
final class ServiceFaults {
  private static final int FLOOD_CLIENTS = 16;

  /** More than it takes to fill the heap of a service that does not count them. */
  private static final int MAX_FLOODING = 6_000;

  private static final String HEADS_TOO_MANY =
      "attolytics_requests_refused_total{app=\"unknown\",reason=\"buffer_full\"}";

  private static final int MAX_TWICE = 60;
  private static final long GATHERING_MILLIS = 500;

  /** How many of the stops on heads are in a hurry. */
  private static final double IMPATIENT = 0.7;

  private ServiceFaults() {}

  static boolean kill(Scene scene, Strike strike) throws Exception {
    Lock lock = scene.locks().processes().get(strike.instance());
    lock.lock();
    try {
      killAndStart(scene, scene.instances().get(strike.instance()));
    } finally {
      lock.unlock();
    }
    return true;
  }

  static boolean killBoth(Scene scene, Strike strike) throws Exception {
    for (Lock lock : scene.locks().processes()) {
      lock.lock();
    }
    try {
      List<Timeline.Window> windows = new ArrayList<>();
      for (Instance instance : scene.instances()) {
        windows.add(scene.timeline().open(Effect.DOWN, instance.number()));
        windows.add(scene.timeline().open(Effect.KILLED, instance.number()));
      }
      for (Instance instance : scene.instances()) {
        instance.process().kill();
      }
      for (Instance instance : scene.instances()) {
        instance.kill();
        start(scene, instance);
      }
      windows.forEach(Timeline.Window::close);
    } finally {
      scene.locks().processes().forEach(Lock::unlock);
    }
    return true;
  }

  private static void killAndStart(Scene scene, Instance instance) throws Exception {
    try (Timeline.Window down = scene.timeline().open(Effect.DOWN, instance.number())) {
      try (Timeline.Window killed = scene.timeline().open(Effect.KILLED, instance.number())) {
        instance.kill();
      }
      start(scene, instance);
    }
  }

  /** An instance refuses to start with a table that is broken, and rightly so. */
  private static void start(Scene scene, Instance instance)
      throws IOException, InterruptedException {
    Lock tables = scene.locks().tables().readLock();
    tables.lock();
    try {
      instance.start();
    } finally {
      tables.unlock();
    }
  }

  static boolean terminate(Scene scene, Strike strike) throws Exception {
    Lock lock = scene.locks().processes().get(strike.instance());
    lock.lock();
    try {
      Instance instance = scene.instances().get(strike.instance());
      Timeline.Window stopping = scene.timeline().open(Effect.STOPPING, instance.number());
      instance.terminate(strike.coin() && strike.size() < IMPATIENT);
      try (Timeline.Window down = scene.timeline().open(Effect.DOWN, instance.number())) {
        stopping.close();
        start(scene, instance);
      }
    } finally {
      lock.unlock();
    }
    return true;
  }

  static boolean freeze(Scene scene, Strike strike) throws Exception {
    Lock lock = scene.locks().processes().get(strike.instance());
    lock.lock();
    try {
      freezeNow(scene, strike);
    } finally {
      lock.unlock();
    }
    return true;
  }

  private static void freezeNow(Scene scene, Strike strike) throws Exception {
    try (Timeline.Window frozen = scene.timeline().open(Effect.FROZEN, strike.instance());
        Timeline.Window away = scene.timeline().open(Effect.DATABASE_AWAY, strike.instance())) {
      long pid = scene.instances().get(strike.instance()).process().pid();
      Signal.STOP.send(pid);
      try {
        Thread.sleep(strike.millis());
      } finally {
        Signal.CONT.send(pid);
      }
    }
  }

  /** With a transaction under way that holds what others need. */
  static boolean freezeLoaded(Scene scene, Strike strike) throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 1 + strike.size() * MAX_TWICE; i++) {
      Client client = new Client(scene, "twice-" + strike.afterMillis() + "-" + i);
      threads.add(client.thread(client::sendTwice));
    }
    Lock process = scene.locks().processes().get(strike.instance());
    Lock network = scene.locks().networks().get(strike.instance());
    process.lock();
    network.lock();
    boolean hit;
    try (Timeline.Window away = scene.timeline().open(Effect.DATABASE_AWAY, strike.instance())) {
      hit = freezeInCopy(scene, strike, threads);
    } finally {
      network.unlock();
      process.unlock();
    }
    join(threads, scene);
    return hit;
  }

  private static boolean freezeInCopy(Scene scene, Strike strike, List<Thread> load)
      throws Exception {
    Proxy proxy = scene.instances().get(strike.instance()).proxy();
    proxy.silence(GATHERING_MILLIS); // so that the next transaction is a large one
    load.forEach(Thread::start);
    proxy.awaitSilence();
    Trap trap = new Trap(Trap.Point.IN_COPY, 0, GATHERING_MILLIS, false, false);
    proxy.arm(trap);
    try {
      if (!trap.awaitSprung(NetworkFaults.TRAP_MILLIS)) {
        return false;
      }
    } finally {
      proxy.disarm();
    }
    freezeNow(scene, strike);
    return true;
  }

  /**
   * More connections than may be in the middle of their headers: the service has to close some. The
   * process is not to be restarted meanwhile: its end by such a thing would be seen afterwards.
   */
  static boolean headerFlood(Scene scene, Strike strike) throws Exception {
    Lock lock = scene.locks().processes().get(strike.instance());
    Instance instance = scene.instances().get(strike.instance());
    lock.lock();
    try (Timeline.Window flooded = scene.timeline().open(Effect.FLOODED, strike.instance());
        HeaderFlood flood = new HeaderFlood()) {
      double before = instance.metricOr0(HEADS_TOO_MANY);
      flood.connect(instance.address().port(), (int) ((1 + strike.size()) * MAX_FLOODING / 2));
      flood.send(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(5_000 + strike.millis()));
      return instance.metricOr0(HEADS_TOO_MANY) > before;
    } finally {
      lock.unlock();
    }
  }

  static boolean flood(Scene scene, Strike strike) throws Exception {
    try (Timeline.Window flooded = scene.timeline().open(Effect.FLOODED, Timeline.ALL)) {
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < FLOOD_CLIENTS; i++) {
        Client client = new Client(scene, "flood-" + strike.afterMillis() + "-" + i);
        threads.add(client.start(() -> client.flood((int) (1 + 4 * strike.size()))));
      }
      join(threads, scene);
    }
    return true;
  }

  /** More at once than the buffer holds while the database takes nothing: some have to go away. */
  static void overfill(Scene scene, Strike strike) throws InterruptedException {
    AtomicInteger turnedAway = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < FLOOD_CLIENTS; i++) {
      Client client = new Client(scene, "overfill-" + strike.afterMillis() + "-" + i);
      threads.add(
          client.start(
              () -> {
                if (client.floodOnce(strike.instance()).reason().equals("buffer_full")) {
                  turnedAway.incrementAndGet();
                }
              }));
    }
    join(threads, scene);
    if (turnedAway.get() == 0) {
      scene.findings().add("a buffer without a bound", strike.toString());
    }
  }

  static boolean poisonStorm(Scene scene, Strike strike) throws Exception {
    Client client = new Client(scene, "poison-" + strike.afterMillis());
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(strike.millis());
    join(List.of(client.start(() -> client.poison(end))), scene);
    return true;
  }

  static void join(List<Thread> threads, Scene scene) throws InterruptedException {
    for (Thread thread : threads) {
      thread.join(scene.settings().patience().plusSeconds(30).toMillis());
    }
  }
}
