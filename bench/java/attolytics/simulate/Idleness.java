package attolytics.simulate;

import attolytics.simulate.Excuses.Effect;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Watches that no writer rests while a request needs one. */
final class Idleness {
  /** Flushes are delayed by 20 ms at most; threads are off their processors for as long. */
  private static final long MAX_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

  /** A writer looks for requests that have expired once in a second. */
  private static final long MAX_OVERDUE_NANOS = TimeUnit.MILLISECONDS.toNanos(1_200);

  private static final long NEVER = Long.MAX_VALUE;

  private final World world;
  private final List<Instance> instances;
  private final long[] waitsSince = new long[Plan.INSTANCES];
  private final long[] restsSince = new long[Plan.INSTANCES];

  Idleness(World world, List<Instance> instances) {
    this.world = world;
    this.instances = instances;
    Arrays.fill(waitsSince, NEVER);
    Arrays.fill(restsSince, NEVER);
  }

  /** Nothing happens between the two times. */
  void passes(long from, long to) {
    for (Instance instance : instances) {
      int number = instance.number();
      boolean frozen = instance.frozenUntil() > from;
      boolean waits = !frozen && instance.hasWaiting() && instance.hasFreeWriter();
      waitsSince[number] = waits ? Math.min(waitsSince[number], from) : NEVER;
      if (waits && to - waitsSince[number] > MAX_WAIT_NANOS && !world.excuses().isOutOfMemory()) {
        world.findings().add("a request waits although a writer is free", instance);
      }
      boolean rests = !frozen && instance.allWritersRest();
      restsSince[number] = rests ? Math.min(restsSince[number], from) : NEVER;
      if (rests && to - restsSince[number] > MAX_OVERDUE_NANOS) {
        instance.pending().forEach(attempt -> judge(attempt, restsSince[number], to));
      }
    }
  }

  private void judge(Attempt attempt, long from, long to) {
    long expires = attempt.from() + world.plan().setup().ackTimeoutNanos();
    if (to - Math.max(from, expires) > MAX_OVERDUE_NANOS
        && !world.excuses().felt(Effect.AWAY, attempt, 0)) {
      world.findings().add("a request expires, and no writer looks after it", attempt);
    }
  }
}
