package attolytics.torture;

import attolytics.torture.Timeline.Effect;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Rows whose triggers raise what a server in trouble would, or take their time. Only their own
 * requests may feel it: nothing here excuses a 503 for another one.
 */
@SuppressWarnings("try") // a window is open as long as its block runs
final class DeceptiveRows {
  private static final int CLIENTS = 3;

  private DeceptiveRows() {}

  static boolean raise(Scene scene, Strike strike) throws InterruptedException {
    send(scene, strike, CLIENTS, requests -> requests.deceptive(false));
    return true;
  }

  static boolean defer(Scene scene, Strike strike) throws InterruptedException {
    send(scene, strike, CLIENTS, requests -> requests.deceptive(true));
    return true;
  }

  static boolean doze(Scene scene, Strike strike) throws InterruptedException {
    return slowly(scene, strike, requests -> requests.slow(false));
  }

  static boolean putOff(Scene scene, Strike strike) throws InterruptedException {
    return slowly(scene, strike, requests -> requests.slow(true));
  }

  /** One client: its neighbours are late by what a statement may take, and by one more attempt. */
  private static boolean slowly(Scene scene, Strike strike, Function<Requests, Request> next)
      throws InterruptedException {
    try (Timeline.Window slowed = scene.timeline().open(Effect.SLOWED, Timeline.ALL)) {
      send(scene, strike, 1, next);
    }
    return true;
  }

  private static void send(
      Scene scene, Strike strike, int clients, Function<Requests, Request> next)
      throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(strike.millis());
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      Client client = new Client(scene, "deceptive-" + strike.afterMillis() + "-" + i);
      threads.add(client.start(() -> client.deceive(next, end)));
    }
    ServiceFaults.join(threads, scene);
  }
}
