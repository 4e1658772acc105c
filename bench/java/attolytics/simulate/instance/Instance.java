package attolytics.simulate.instance;

import attolytics.buffer.Ring;
import attolytics.flush.Thresholds;
import attolytics.flush.Writer;
import attolytics.metrics.Metrics;
import attolytics.simulate.oracle.FaultHistory.Effect;
import attolytics.simulate.oracle.LivenessCheck;
import attolytics.simulate.plan.Fault;
import attolytics.simulate.plan.Plan;
import attolytics.simulate.runtime.Scheduler;
import attolytics.simulate.runtime.Task;
import attolytics.simulate.workload.Attempt;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An instance of the service, from its ring on: the real ring and the real writers. */
public final class Instance {
  /** How often the service looks for connections that are overdue. */
  static final long CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** As long as the service waits at most for writers that it has told to give up. */
  private static final long ABANDON_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long START_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final World world;
  private final int number;
  private final String name;
  private final ConnectionFaults connectionFaults = new ConnectionFaults();
  private final LivenessCheck liveness;
  private final List<Attempt> pending = new ArrayList<>();
  private final List<Task> tasks = new ArrayList<>();
  private final long[] busyNanos;
  private final List<ModelDatabase> databases = new ArrayList<>();
  private List<Writer> writers = List.of();
  private Ring ring;
  private int generation;
  private boolean accepting;
  private boolean failing;
  private boolean stopsForGood;
  private boolean isKilled; // and not started again yet: its memory is gone
  private long frozenUntil;

  public Instance(World world, int number) {
    this.world = world;
    this.number = number;
    this.name = "instance " + number;
    this.busyNanos = new long[world.plan().setup().writers()];
    this.ring = new Ring(1, world.scheduler());
    this.liveness =
        new LivenessCheck(name, world.plan().setup(), world.faultHistory(), world.findings());
  }

  public int number() {
    return number;
  }

  public String name() {
    return name;
  }

  /** Has a fault strike its connections. */
  public void addConnectionFault(Fault fault) {
    connectionFaults.add(fault);
  }

  /** No fault strikes its connections any more. */
  public void clearConnectionFaults() {
    connectionFaults.clear();
  }

  ConnectionFaults connectionFaults() {
    return connectionFaults;
  }

  /** For how long each writer was busy. */
  public long[] busyNanos() {
    return busyNanos;
  }

  public void start() {
    if (stopsForGood) {
      return;
    }
    Plan.Setup setup = world.plan().setup();
    world.trace().add(name, "starts", generation);
    generation++;
    ring = new Ring(setup.ringRows(), world.scheduler());
    databases.clear();
    long interval = setup.intervalNanos();
    writers =
        Writer.share(
            ring,
            setup.writers(),
            this::newDatabase,
            new Thresholds(
                setup.flushRows(), 1 << 20, interval == 0 ? null : Duration.ofNanos(interval)),
            Duration.ofNanos(setup.ackTimeoutNanos()),
            setup.deferredBytes(),
            metrics(),
            world.scheduler());
    tasks.clear();
    writers.forEach(writer -> tasks.add(world.scheduler().start(() -> runToItsEnd(writer))));
    accepting = true;
    isKilled = false;
  }

  private ModelDatabase newDatabase() {
    ModelDatabase database = new ModelDatabase(world, this);
    databases.add(database);
    return database;
  }

  private void runToItsEnd(Writer writer) {
    try {
      writer.run();
    } finally {
      busyNanos[writers.indexOf(writer)] += writer.busy().toNanos();
    }
  }

  /** Measures nothing, but may run out of memory. */
  private Metrics metrics() {
    return (Metrics)
        Proxy.newProxyInstance(
            Metrics.class.getClassLoader(),
            new Class<?>[] {Metrics.class},
            (self, method, arguments) -> {
              failIfTold();
              return null;
            });
  }

  private void failIfTold() {
    if (failing && world.random().percent(30)) {
      failing = false;
      world.trace().add(name, "runs out of", "memory");
      world
          .faultHistory()
          .add(Effect.OUT_OF_MEMORY, number, world.scheduler().now(), world.scheduler().now());
      databases.forEach(database -> database.fairness().fails()); // one of them does
      throw new OutOfMemoryError("simulated");
    }
  }

  public void runOutOfMemory() {
    failing = true;
  }

  /** Whether it can be sent a request now. */
  public boolean isAccepting() {
    return accepting;
  }

  public long frozenUntil() {
    return frozenUntil;
  }

  /** Nothing happens between the two times. */
  public void passes(long from, long to) {
    boolean runs = frozenUntil <= from;
    liveness.requestWaits(runs && ring.hasBatches() && hasFreeWriter(), from, to);
    liveness.writersRest(runs && allWritersRest(), from, to, pending);
  }

  /** Whether a writer waits that has nothing left to do, as far as its last transaction shows. */
  private boolean hasFreeWriter() {
    for (int i = 0; i < tasks.size(); i++) {
      if (tasks.get(i).isParked() && databases.get(i).hasCommitted()) {
        return true;
      }
    }
    return false;
  }

  private boolean allWritersRest() {
    return !tasks.isEmpty() && tasks.stream().allMatch(Task::isParked);
  }

  /** Takes a request; false if its buffer is full. */
  public boolean offer(Attempt attempt) {
    pending.add(attempt);
    if (ring.offer(attempt.batch())) {
      return true;
    }
    pending.remove(attempt);
    return false;
  }

  public void answered(Attempt attempt) {
    pending.remove(attempt);
  }

  /** Requests that are not answered. */
  public List<Attempt> pending() {
    return pending;
  }

  /** Bytes of the buffer that requests take that are not answered. */
  public long pendingBytes() {
    return pending.stream().mapToLong(attempt -> attempt.batch().reservedBytes()).sum();
  }

  /** Closes connections on which the server does not respond. */
  void check() {
    writers.forEach(Writer::check);
  }

  /** The threads of its writers. */
  public List<Task> tasks() {
    return tasks;
  }

  @Override
  public String toString() {
    return name;
  }

  public boolean isEmpty() {
    return isKilled
        || (ring.usedRows() == 0
            && writers.stream().allMatch(writer -> writer.deferredRows() == 0));
  }

  public boolean hasEnded() {
    return tasks.stream().allMatch(Task::hasEnded);
  }

  public void freeze(long nanos) {
    long until = world.scheduler().now() + nanos;
    frozenUntil = Math.max(frozenUntil, until);
    tasks.forEach(task -> task.freeze(until));
  }

  /** Ends without a word, and starts again. */
  public void kill() {
    if (!accepting) {
      return;
    }
    world.trace().add(name, "is", "killed");
    accepting = false;
    isKilled = true;
    frozenUntil = 0;
    tasks.forEach(Task::kill);
    for (Attempt attempt : List.copyOf(pending)) {
      attempt.breakOff();
    }
    pending.clear();
    world.scheduler().after(START_NANOS, this::start);
  }

  /**
   * Stops, and starts again.
   *
   * @param drainNanos after which what is not committed is given up
   */
  public void stop(long drainNanos) {
    if (accepting) {
      world.trace().add(name, "is told to", "stop");
      accepting = false;
      writers.forEach(Writer::stop);
      int stopping = generation;
      world.scheduler().after(drainNanos, () -> abandon(stopping));
      restartAtEnd();
    }
  }

  public void stopForGood(long drainNanos) {
    stopsForGood = true;
    stop(drainNanos);
  }

  private void restartAtEnd() {
    if (hasEnded()) {
      world.scheduler().after(START_NANOS, this::start);
    } else {
      world.scheduler().after(CHECK_NANOS, this::restartAtEnd);
    }
  }

  private void abandon(int stopping) {
    if (!hasEnded() && generation == stopping) {
      world.trace().add(name, "gives up what is", "left");
      Scheduler scheduler = world.scheduler();
      world.faultHistory().add(Effect.ABANDONED, number, scheduler.now(), Long.MAX_VALUE);
      writers.forEach(Writer::abandon);
      checkUntilEnd(Math.max(scheduler.now(), frozenUntil) + ABANDON_NANOS);
    }
  }

  private void checkUntilEnd(long latest) {
    if (hasEnded()) {
      return;
    }
    if (world.scheduler().now() > Math.max(latest, frozenUntil + ABANDON_NANOS)) {
      world.findings().add("a stop takes too long", name);
      return;
    }
    check();
    world.scheduler().after(CHECK_NANOS, () -> checkUntilEnd(latest));
  }
}
