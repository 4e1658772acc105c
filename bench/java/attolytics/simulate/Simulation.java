package attolytics.simulate;

import attolytics.buffer.IdempotencyKey;
import attolytics.simulate.Excuses.Effect;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/** Carries out a plan. */
final class Simulation {
  private static final long MIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** After the last fault, for what is still under way. */
  private static final long CALM_NANOS = TimeUnit.SECONDS.toNanos(6);

  /**
   * What it led to.
   *
   * @param busyNanos of the writers of all instances, by their number
   */
  @SuppressWarnings("ArrayRecordComponent") // never modified
  record Result(Findings findings, long hash, List<String> lines, long[] busyNanos, int attempts) {}

  private final World world;
  private final Scheduler scheduler;
  private final Server server;
  private final Excuses excuses;
  private final List<Instance> instances = new ArrayList<>();
  private final Clients clients;
  private final Oracle oracle;

  private Simulation(Plan plan, Crew crew, boolean legible) {
    world = new World(plan, crew, legible);
    scheduler = world.scheduler();
    server = world.server();
    excuses = world.excuses();
    for (int i = 0; i < Plan.INSTANCES; i++) {
      instances.add(new Instance(world, i));
    }
    oracle = new Oracle(world);
    clients = new Clients(world, instances, oracle);
    scheduler.setWatch(new Idleness(world, instances)::passes);
  }

  /**
   * Runs a plan to its end.
   *
   * @param legible whether the trace is to have words
   */
  static Result run(Plan plan, Crew crew, boolean legible) {
    return new Simulation(plan, crew, legible).run();
  }

  private Result run() {
    instances.forEach(Instance::start);
    clients.begin();
    for (Fault fault : world.plan().faults()) {
      scheduler.at(World.at(fault.nanos()), () -> begin(fault));
    }
    long calm = World.at(calmNanos());
    scheduler.at(calm, () -> instances.forEach(each -> each.arms().clear()));
    scheduler.at(calm, () -> stopWhenDone(calm));
    scheduler.run();
    if (scheduler.isEndless()) {
      world.findings().add("no end", world.plan().seed());
    }
    Trace trace = world.trace();
    return new Result(
        world.findings(), trace.hash(), trace.lines(), busyNanos(), clients.attempts().size());
  }

  /** When all faults are over, and all requests sent. */
  private long calmNanos() {
    LongStream faults = world.plan().faults().stream().mapToLong(Fault::end);
    LongStream sends =
        world.plan().requests().stream()
            .flatMap(request -> request.sends().stream())
            .mapToLong(Plan.Send::nanos);
    return Math.max(MIN_NANOS, LongStream.concat(faults, sends).max().orElse(0));
  }

  private long[] busyNanos() {
    long[] busy = new long[world.plan().setup().writers()];
    for (Instance instance : instances) {
      Arrays.setAll(busy, i -> busy[i] + instance.busyNanos()[i]);
    }
    return busy;
  }

  /** Once everybody is answered, or has waited for too long: stops the instances. */
  private void stopWhenDone(long calm) {
    long end = calm + 2 * world.plan().setup().ackTimeoutNanos() + CALM_NANOS;
    if (!clients.isDone() && scheduler.now() < end) {
      scheduler.after(TimeUnit.MILLISECONDS.toNanos(50), () -> stopWhenDone(calm));
      return;
    }
    for (Instance instance : instances) {
      long latest = scheduler.now() - world.plan().setup().ackTimeoutNanos() - CALM_NANOS;
      for (Attempt attempt : instance.pending()) {
        if (attempt.from() < latest) {
          world.findings().add("no answer", attempt);
        }
      }
      instance.stopForGood(TimeUnit.SECONDS.toNanos(1));
    }
    judgeAtEnd(scheduler.now() + TimeUnit.SECONDS.toNanos(10));
  }

  private void judgeAtEnd(long latest) {
    boolean ended = instances.stream().allMatch(Instance::hasEnded) && server.isIdle();
    if (!ended && scheduler.now() < latest) {
      scheduler.after(TimeUnit.MILLISECONDS.toNanos(50), () -> judgeAtEnd(latest));
      return;
    }
    if (!ended) {
      world.findings().add("a writer does not end", instances);
    }
    for (Instance instance : instances) {
      if (ended && !instance.isEmpty()) {
        world.findings().add("a buffer that does not empty", instance);
      }
    }
    oracle.judge(clients.attempts());
    scheduler.end();
  }

  private void begin(Fault fault) {
    world.trace().add("fault", fault.kind().name(), fault);
    Condition condition = server.condition();
    switch (fault.kind()) {
      case CUT, SILENCE, ERROR -> instances.get(fault.instance()).arms().add(fault);
      case FREEZE -> freeze(fault);
      case KILL -> instances.get(fault.instance()).kill();
      case STOP -> instances.get(fault.instance()).stop(fault.lasting());
      case OUT_OF_MEMORY -> instances.get(fault.instance()).runOutOfMemory();
      case CRASH -> {
        server.endSessions("");
        server.forget();
        goDown(fault, true);
      }
      case FAILOVER -> {
        server.endSessions("");
        server.promote();
        goDown(fault, true);
      }
      case RESTART -> {
        server.endSessions("57P01");
        goDown(fault, false);
      }
      case READ_ONLY -> {
        condition.setReadOnly(true);
        away(fault, () -> condition.setReadOnly(false));
      }
      case REFUSE -> {
        condition.setRefusing(true);
        away(fault, () -> condition.setRefusing(false));
      }
      case SLOW -> {
        condition.setSlowness(fault.number());
        away(fault, () -> condition.setSlowness(1));
      }
      case BREAK_TABLE -> breakTable(fault);
      case LOCK_TABLE -> lockTable(fault);
      case HOLD_KEYS -> holdKeys(fault);
    }
  }

  private void away(Fault fault, Runnable end) {
    excuses.add(Effect.AWAY, Excuses.ALL, scheduler.now(), scheduler.now() + fault.lasting());
    scheduler.after(fault.lasting(), end);
  }

  private void goDown(Fault fault, boolean crashed) {
    Condition condition = server.condition();
    condition.setDown(true);
    if (crashed) {
      excuses.add(Effect.CRASHED, Excuses.ALL, scheduler.now(), scheduler.now() + fault.lasting());
    }
    away(fault, () -> condition.setDown(false));
  }

  /** What it holds, others wait for, until the server ends its idle sessions. */
  private void freeze(Fault fault) {
    Instance instance = instances.get(fault.instance());
    instance.freeze(fault.lasting());
    away(fault, () -> {});
    excuses.add(
        Effect.FROZEN, fault.instance(), scheduler.now(), scheduler.now() + fault.lasting());
    long idle = world.plan().setup().ackTimeoutNanos();
    scheduler.after(Math.min(idle, fault.lasting()), () -> endSessionsOf(instance));
  }

  private void endSessionsOf(Instance instance) {
    if (instance.frozenUntil() > scheduler.now()) {
      server.endSessionsOf(instance.tasks(), "25P03");
    }
  }

  private void breakTable(Fault fault) {
    Condition condition = server.condition();
    condition.setBroken(fault.number(), fault.sqlState());
    excuses.add(
        Effect.BROKEN,
        Excuses.ALL,
        1 << fault.number(),
        scheduler.now(),
        scheduler.now() + fault.lasting());
    scheduler.after(fault.lasting(), () -> condition.setBroken(fault.number(), null));
  }

  private void lockTable(Fault fault) {
    long now = scheduler.now();
    long end = World.at(fault.end());
    if (server.isInUse(fault.number()) && now < end) {
      scheduler.after(TimeUnit.MILLISECONDS.toNanos(1), () -> lockTable(fault));
    } else if (now < end) {
      server.condition().setLocked(fault.number(), true);
      excuses.add(Effect.LOCKED, Excuses.ALL, 1 << fault.number(), now, end);
      scheduler.at(
          end,
          () -> {
            server.condition().setLocked(fault.number(), false);
            server.wakeAll();
          });
    }
  }

  /** Keys of some requests that nobody has claimed. */
  private void holdKeys(Fault fault) {
    Set<IdempotencyKey> held = new HashSet<>();
    for (Plan.Request request : world.plan().requests()) {
      if (request.key() != null && request.number() % fault.number() == 0) {
        IdempotencyKey key =
            new IdempotencyKey("app", request.key(), ByteBuffer.allocate(4).array());
        if (!server.keys().containsKey(key)) {
          held.add(key);
        }
      }
    }
    Condition condition = server.condition();
    condition.setHeld(held, true);
    excuses.add(
        Effect.HELD,
        Excuses.ALL,
        1 << Excuses.KEY_TABLE,
        scheduler.now(),
        scheduler.now() + fault.lasting());
    scheduler.after(
        fault.lasting(),
        () -> {
          condition.setHeld(held, false);
          server.wakeAll();
        });
  }
}
