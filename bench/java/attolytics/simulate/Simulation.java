package attolytics.simulate;

import attolytics.simulate.instance.Instance;
import attolytics.simulate.instance.World;
import attolytics.simulate.oracle.Findings;
import attolytics.simulate.oracle.Oracle;
import attolytics.simulate.plan.Fault;
import attolytics.simulate.plan.Plan;
import attolytics.simulate.runtime.Scheduler;
import attolytics.simulate.runtime.ThreadPool;
import attolytics.simulate.runtime.Trace;
import attolytics.simulate.server.Server;
import attolytics.simulate.workload.Attempt;
import attolytics.simulate.workload.Request;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/** Carries out a plan: two instances, their clients and their server, on one scheduler. */
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
  private final List<Instance> instances = new ArrayList<>();
  private final Clients clients;
  private final Oracle oracle;
  private final FaultInjector faultInjector;

  private Simulation(Plan plan, ThreadPool pool, boolean legible) {
    world = new World(plan, pool, legible);
    scheduler = world.scheduler();
    server = world.server();
    for (int i = 0; i < Plan.INSTANCES; i++) {
      instances.add(new Instance(world, i));
    }
    oracle = new Oracle(plan, server, world.faultHistory(), world.findings());
    clients = new Clients(world, instances, oracle);
    faultInjector = new FaultInjector(world, instances);
    scheduler.setTimeListener(
        (from, to) -> instances.forEach(instance -> instance.passes(from, to)));
  }

  /**
   * Runs a plan to its end.
   *
   * @param legible whether the trace is to have words
   */
  static Result run(Plan plan, ThreadPool pool, boolean legible) {
    return new Simulation(plan, pool, legible).run();
  }

  private Result run() {
    instances.forEach(Instance::start);
    clients.begin();
    faultInjector.begin();
    long calm = Scheduler.timeOf(calmNanos());
    scheduler.at(calm, () -> instances.forEach(Instance::clearConnectionFaults));
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
            .mapToLong(Request.Send::nanos);
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
}
