package attolytics.simulate;

import attolytics.buffer.Outcome;
import attolytics.simulate.instance.Instance;
import attolytics.simulate.instance.World;
import attolytics.simulate.oracle.Oracle;
import attolytics.simulate.runtime.Scheduler;
import attolytics.simulate.workload.Attempt;
import attolytics.simulate.workload.Request;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Sends requests, and sends them again where the answer says that this may help. */
final class Clients {
  private static final long MIN_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long MAX_PAUSE = TimeUnit.MILLISECONDS.toNanos(800);

  /** Of a stored request with a key, which is sent once more. */
  private static final int REPLAY_PERCENT = 10;

  private final World world;
  private final List<Instance> instances;
  private final Oracle oracle;
  private final Scheduler scheduler;
  private final List<Attempt> attempts = new ArrayList<>();
  private final Set<Integer> replayed = new HashSet<>();
  private int toBeSent;
  private int pending;

  Clients(World world, List<Instance> instances, Oracle oracle) {
    this.world = world;
    this.instances = instances;
    this.oracle = oracle;
    this.scheduler = world.scheduler();
  }

  void begin() {
    for (Request request : world.plan().requests()) {
      for (Request.Send send : request.sends()) {
        sendAt(request, send.instance(), Scheduler.timeOf(send.nanos()));
      }
    }
  }

  /** All that were sent. */
  List<Attempt> attempts() {
    return attempts;
  }

  /** Whether everybody is answered, and nobody will send again. */
  boolean isDone() {
    return toBeSent == 0 && pending == 0;
  }

  private void sendAt(Request request, int instance, long nanos) {
    toBeSent++;
    scheduler.at(
        nanos,
        () -> {
          toBeSent--;
          send(request, instance);
        });
  }

  private void send(Request request, int to) {
    Instance instance = instances.get(to);
    if (instance.frozenUntil() > scheduler.now()) {
      sendAt(request, to, instance.frozenUntil());
    } else if (!instance.isAccepting()) {
      again(request);
    } else {
      offer(request, instance);
    }
  }

  private void offer(Request request, Instance instance) {
    Attempt attempt =
        new Attempt(request, instance.number(), attempts.size(), scheduler.now(), this::answered);
    world.trace().add(instance.name(), "gets attempt", attempt.number());
    attempts.add(attempt);
    pending++;
    if (!instance.offer(attempt)) {
      pending--;
      attempts.remove(attempts.size() - 1);
      world.trace().add(instance.name(), "has no room for attempt", attempt.number());
      again(request);
    }
  }

  private void again(Request request) {
    long pause = world.random().between(MIN_PAUSE, MAX_PAUSE);
    sendAt(request, world.random().below(instances.size()), scheduler.now() + pause);
  }

  /** On a writer's thread, or where an instance is killed. */
  private void answered(Attempt attempt) {
    if (attempt.isOver()) {
      return;
    }
    pending--;
    attempt.endsAt(scheduler.now());
    Instance instance = instances.get(attempt.instance());
    long pendingBytes = instance.pendingBytes();
    instance.answered(attempt);
    Outcome outcome = attempt.outcome();
    world
        .trace()
        .add(
            "client",
            outcome == null ? "sees a broken connection" : "is told " + outcome.kind(),
            attempt.number());
    oracle.answered(attempt, pendingBytes);
    if (isToBeSentAgain(attempt)) {
      again(attempt.request());
    }
  }

  private boolean isToBeSentAgain(Attempt attempt) {
    Request request = attempt.request();
    boolean hasKey = request.key() != null;
    Outcome outcome = attempt.outcome();
    if (outcome == null) {
      return hasKey;
    }
    return switch (outcome.kind()) {
      case STORED, REPLAYED ->
          hasKey && world.random().percent(REPLAY_PERCENT) && replayed.add(request.number());
      case UNAVAILABLE, BUFFER_FULL -> !request.hasFatalRow();
      case STOPPED -> true;
      case UNKNOWN -> hasKey && !request.hasFatalRow();
      case TABLE_BROKEN, REFUSED, CONFLICT, KEY_REUSED, KEY_UNKNOWN -> false;
    };
  }
}
