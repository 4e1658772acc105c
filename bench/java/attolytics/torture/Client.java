package attolytics.torture;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A good client: sends a request again, to either instance, until it is told what became of it;
 * some also do what clients do wrong. Used by one thread.
 */
final class Client {
  private static final int MAX_THINKING_MILLIS = 150;
  private static final int MAX_PAUSE_MILLIS = 250;

  /** Stored requests whose bodies are kept, to be sent once more. */
  private static final int REMEMBERED = 50;

  private final Scene scene;
  private final String name;
  private final Random random;
  private final Requests requests;
  private final List<Request> stored = new ArrayList<>();
  private volatile boolean stopping;

  /**
   * @param name of which its dice depend
   */
  Client(Scene scene, String name) {
    this.scene = scene;
    this.name = name;
    this.random = new Random(scene.settings().seed() * 31 + name.hashCode());
    this.requests =
        new Requests(
            scene.ledger(),
            random,
            scene.settings().keys(),
            Long.toHexString(scene.settings().seed()) + "-" + name);
  }

  /** What a client's thread does. */
  @FunctionalInterface
  interface Work {
    void run() throws InterruptedException;
  }

  Thread start(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** Ends {@link #send} after the request that is being sent. Any thread. */
  void stop() {
    stopping = true;
  }

  /** Sends all kinds of requests, until it is told to stop. */
  void send() throws InterruptedException {
    try (Sender sender = new Sender(scene, random)) {
      while (!stopping) {
        turn(sender);
        Thread.sleep(random.nextInt(MAX_THINKING_MILLIS));
      }
    }
  }

  private void turn(Sender sender) throws InterruptedException {
    int dice = random.nextInt(100);
    if (dice < 6 && !stored.isEmpty()) {
      Request again = stored.get(random.nextInt(stored.size()));
      deliver(sender, dice < 4 ? again : requests.otherBody(again));
      return;
    }
    Request request = requests.next();
    switch (request.kind()) {
      case TWICE -> deliverBoth(sender, request, request);
      case RIVAL -> {
        Request rival = request.rival();
        deliverBoth(sender, request, rival == null ? request : rival);
      }
      case POISON -> {
        deliver(sender, request);
        if (request.key() != null) {
          // Which is not used up.
          deliver(sender, requests.under(request.key()));
        }
      }
      default -> deliver(sender, request);
    }
  }

  private void deliverBoth(Sender sender, Request one, Request other) throws InterruptedException {
    Thread thread =
        start(
            () -> {
              try (Sender second = new Sender(scene, new Random(one.id()))) {
                deliver(second, other);
              }
            });
    deliver(sender, one);
    thread.join();
  }

  /** Sends large requests. */
  void flood(int count) throws InterruptedException {
    try (Sender sender = new Sender(scene, random)) {
      for (int i = 0; i < count; i++) {
        deliver(sender, requests.flood());
      }
    }
  }

  /** Sends a large request, once. */
  Attempt floodOnce(int instance) {
    try (Sender sender = new Sender(scene, random)) {
      return sender.send(requests.flood(), instance, false);
    }
  }

  /**
   * Sends poison without a pause.
   *
   * @param end by {@link System#nanoTime()}
   */
  void poison(long end) throws InterruptedException {
    try (Sender sender = new Sender(scene, random)) {
      while (System.nanoTime() - end < 0) {
        deliver(sender, requests.poison());
      }
    }
  }

  /** Sends it until it is settled, or a client could not know what to do. */
  private void deliver(Sender sender, Request request) throws InterruptedException {
    long deadline = System.nanoTime() + scene.settings().patience().toNanos();
    int instance = random.nextInt(Scene.INSTANCES);
    boolean leave = request.kind() == Request.Kind.LEAVING;
    while (true) {
      Attempt attempt = sender.send(request, instance, leave);
      if (attempt.settled() || givesUp(request, attempt)) {
        remember(request, attempt);
        return;
      }
      if (System.nanoTime() - deadline > 0) {
        scene.findings().add("a request is not settled in time", Oracle.history(request, scene));
        return;
      }
      pause(attempt);
      leave = false;
      instance = random.nextInt(Scene.INSTANCES);
    }
  }

  /** Without a key it may be stored already; and some clients do not bother. */
  private boolean givesUp(Request request, Attempt attempt) {
    return request.kind() == Request.Kind.HALF
        || (request.key() == null && attempt.ambiguous())
        || ((request.kind() == Request.Kind.KEYLESS || request.kind() == Request.Kind.FLOOD)
            && attempt.status() != Attempt.REFUSED
            && random.nextBoolean());
  }

  private void pause(Attempt attempt) throws InterruptedException {
    if (attempt.retryAfter() > 0) {
      TimeUnit.SECONDS.sleep(attempt.retryAfter());
    } else {
      Thread.sleep(MAX_PAUSE_MILLIS / 4 + random.nextInt(MAX_PAUSE_MILLIS));
    }
  }

  private void remember(Request request, Attempt attempt) {
    if (attempt.status() != 200 || request.key() == null || stored.contains(request)) {
      return;
    }
    if (request.kind() == Request.Kind.FLOOD || stored.size() == REMEMBERED) {
      request.forgetBody();
      return;
    }
    stored.add(request);
  }
}
