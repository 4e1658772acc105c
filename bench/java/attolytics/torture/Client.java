package attolytics.torture;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

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
   * @param name of which its dice depend; there may be an earlier client of that name
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
            Long.toHexString(scene.settings().seed()) + "-" + name + "-" + scene.ledger().nextId());
  }

  /** What a client's thread does. */
  @FunctionalInterface
  interface Work {
    void run() throws InterruptedException;
  }

  Thread start(Work work) {
    Thread thread = thread(work);
    thread.start();
    return thread;
  }

  /** A thread that is to be started. */
  Thread thread(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (RuntimeException e) {
                scene.findings().add("a client of the test's failed", e.toString());
              }
            },
            name);
    thread.setDaemon(true);
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
      deliverOnce(sender, dice < 4 ? again : requests.otherBody(again));
      return;
    }
    Request request = requests.next();
    switch (request.kind()) {
      case TWICE -> deliverBoth(sender, request, request);
      case RIVAL -> {
        Request rival = request.rival();
        deliverBoth(sender, request, rival == null ? request : rival);
      }
      case POISON -> deliverRefused(sender, request);
      case KEYED -> deliverShared(sender, request);
      default -> deliverOnce(sender, request);
    }
  }

  /** Together with another one that has some of its events, every now and then. */
  private void deliverShared(Sender sender, Request request) throws InterruptedException {
    Request other = random.nextInt(4) == 0 ? requests.sharing(request) : null;
    if (other == null) {
      deliverOnce(sender, request);
    } else {
      deliverBoth(sender, request, other);
    }
  }

  /** And then a good one under its key, which is not used up. */
  private void deliverRefused(Sender sender, Request request) throws InterruptedException {
    deliverOnce(sender, request);
    if (request.key() != null) {
      deliverOnce(sender, requests.under(request.key()));
    }
  }

  private void deliverOnce(Sender sender, Request request) throws InterruptedException {
    remember(request, deliver(sender, request));
  }

  private void deliverBoth(Sender sender, Request one, Request other) throws InterruptedException {
    Thread thread =
        start(
            () -> {
              try (Sender second = new Sender(scene, new Random(one.id()))) {
                deliver(second, other);
              }
            });
    Attempt last = deliver(sender, one);
    thread.join();
    remember(one, last);
    if (other != one) {
      other.forgetBody();
    }
  }

  /** Sends large requests. */
  void flood(int count) throws InterruptedException {
    try (Sender sender = new Sender(scene, random)) {
      for (int i = 0; i < count; i++) {
        deliverOnce(sender, requests.flood());
      }
    }
  }

  /** Sends a large request, once. */
  Attempt floodOnce(int instance) {
    try (Sender sender = new Sender(scene, random)) {
      Request request = requests.flood();
      Attempt attempt = sender.send(request, instance, false);
      request.forgetBody();
      return attempt;
    }
  }

  /**
   * Sends poison without a pause, on connections that are new half of the time: the service keeps
   * those apart that have just sent some.
   *
   * @param end by {@link System#nanoTime()}
   */
  void poison(long end) throws InterruptedException {
    try (Sender sender = new Sender(scene, random)) {
      while (System.nanoTime() - end < 0) {
        deliverOnce(sender, requests.poison());
        maybeReconnect(sender);
      }
    }
  }

  /**
   * Sends rows that deceive, one request after the other.
   *
   * @param next makes the next of them up
   * @param end by {@link System#nanoTime()}
   */
  void deceive(Function<Requests, Request> next, long end) throws InterruptedException {
    try (Sender sender = new Sender(scene, random)) {
      while (System.nanoTime() - end < 0) {
        deliverRefused(sender, next.apply(requests));
        maybeReconnect(sender);
        Thread.sleep(random.nextInt(MAX_THINKING_MILLIS));
      }
    }
  }

  private void maybeReconnect(Sender sender) {
    if (random.nextBoolean()) {
      sender.close();
    }
  }

  /**
   * Sends a request with an invalid event, once.
   *
   * @return whether it is refused, as it is while the quarantine is full
   */
  boolean probe(int instance, Handling handling) {
    try (Sender sender = new Sender(scene, random)) {
      Request request = requests.probe(handling);
      Attempt attempt = sender.send(request, instance, false);
      request.forgetBody();
      return attempt.isRefusedForEvents();
    }
  }

  /** Sends one request to both instances at once. */
  void sendTwice() throws InterruptedException {
    try (Sender sender = new Sender(scene, random)) {
      Request request = requests.twice();
      deliverBoth(sender, request, request);
    }
  }

  /** A request under a key of its own, for {@link #sendHeld}. */
  Request heldKey() {
    return requests.heldKey();
  }

  /** Sends it to either instance. */
  void sendHeld(Request request) throws InterruptedException {
    try (Sender sender = new Sender(scene, random)) {
      deliverOnce(sender, request);
    }
  }

  /**
   * Sends it until it is settled, or a client could not know what to do.
   *
   * @return the last attempt
   */
  private Attempt deliver(Sender sender, Request request) throws InterruptedException {
    long deadline = System.nanoTime() + scene.settings().patience().toNanos();
    int instance = random.nextInt(Scene.INSTANCES);
    boolean leave = request.kind() == Request.Kind.LEAVING;
    while (true) {
      Attempt attempt = sender.send(request, instance, leave);
      if (attempt.settled() || givesUp(request, attempt)) {
        return attempt;
      }
      if (System.nanoTime() - deadline > 0) {
        scene.findings().add("a request is not settled in time", Oracle.history(request, scene));
        return attempt;
      }
      pause(attempt);
      leave = false;
      instance = random.nextInt(Scene.INSTANCES);
    }
  }

  /** Without a key it may be stored already; and some clients do not bother. */
  private boolean givesUp(Request request, Attempt attempt) {
    return request.kind() == Request.Kind.HALF
        || (request.kind() == Request.Kind.DECEPTIVE && attempt.answered())
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

  /** Keeps what is stored, to send it once more; the body of any other is not needed any more. */
  private void remember(Request request, Attempt attempt) {
    if (stored.contains(request)) {
      return;
    }
    if (attempt.status() == 200
        && request.key() != null
        && request.kind() != Request.Kind.FLOOD
        && stored.size() < REMEMBERED) {
      stored.add(request);
    } else {
      request.forgetBody();
    }
  }
}
