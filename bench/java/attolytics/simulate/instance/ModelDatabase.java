package attolytics.simulate.instance;

import attolytics.flush.transaction.FlushDatabase;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.flush.transaction.TimeLimits;
import attolytics.flush.transaction.TransactionId;
import attolytics.flush.transaction.TransactionStatus;
import attolytics.simulate.oracle.FairnessCheck;
import attolytics.simulate.oracle.FaultHistory;
import attolytics.simulate.oracle.FaultHistory.Effect;
import attolytics.simulate.plan.Fault;
import attolytics.simulate.runtime.Scheduler;
import attolytics.simulate.runtime.Task;
import attolytics.simulate.server.ServerFaults;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A writer's way to the model of the server: its pool with one connection. */
final class ModelDatabase implements FlushDatabase {
  /** As long as the pool waits for a connection. */
  private static final long CONNECT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final long CONNECT_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final World world;
  private final Instance instance;
  private final FairnessCheck fairness;
  private boolean connected;
  private @Nullable Watch watched;
  private boolean committed = true;

  /** Aborts a connection at its deadline. */
  final class Watch {
    private final long deadline;
    private final Task task;
    private boolean aborted;

    private Watch(long deadline) {
      this.deadline = deadline;
      this.task = world.scheduler().task();
      scheduleCheck(this, deadline);
    }

    /** Whether the service has given it up. */
    boolean isAborted() {
      return aborted;
    }

    private void abort() {
      if (!aborted) {
        aborted = true;
        world.trace().add(instance.name(), "aborts its connection", "");
        task.wake();
      }
    }
  }

  ModelDatabase(World world, Instance instance) {
    this.world = world;
    this.instance = instance;
    this.fairness = new FairnessCheck(world.scheduler(), world.plan().setup(), world.findings());
  }

  private void scheduleCheck(Watch watch, long nanos) {
    long tick = (nanos / Instance.CHECK_NANOS + 1) * Instance.CHECK_NANOS;
    world
        .scheduler()
        .at(
            tick,
            () -> {
              if (watched == watch && !watch.aborted) {
                instance.check();
                scheduleCheck(watch, world.scheduler().now());
              }
            });
  }

  @Override
  public Transaction begin(TimeLimits limits) throws FlushException {
    committed = false;
    long since = world.scheduler().now();
    if (!connect()) {
      throw new FlushException(Stage.BEGIN, DriverErrors.refused());
    }
    Watch watch = new Watch(world.scheduler().now() + limits.totalNanos());
    watched = watch;
    ModelTransaction transaction =
        new ModelTransaction(world, instance, this, watch, limits, since);
    boolean begun = false;
    try {
      transaction.begin();
      begun = true;
      return transaction;
    } finally {
      if (!begun) {
        transaction.close();
      }
    }
  }

  /** Whether there is a connection in time. */
  private boolean connect() {
    Scheduler scheduler = world.scheduler();
    ServerFaults faults = world.server().faults();
    long end = scheduler.now() + CONNECT_NANOS;
    while (!(connected ? !faults.isDown() : faults.acceptsConnections())) {
      connected = false;
      if (scheduler.now() >= end) {
        return false;
      }
      scheduler.sleepUntil(Math.min(end, scheduler.now() + CONNECT_RETRY_NANOS));
    }
    connected = true;
    return true;
  }

  /** What the writer's transactions may cost others. */
  FairnessCheck fairness() {
    return fairness;
  }

  /** A transaction was committed, and the writer knows it. */
  void committed() {
    committed = true;
  }

  /** Whether its last transaction was committed. */
  boolean hasCommitted() {
    return committed;
  }

  /** Ends the use of the connection. */
  void release(boolean usable) {
    watched = null;
    connected &= usable;
  }

  @Override
  public TransactionStatus status(TransactionId transaction, long nanos) {
    TransactionStatus status = askForStatus(transaction, nanos);
    world.trace().add(instance.name(), "asks for a status: " + status, transaction.xid());
    return status;
  }

  private TransactionStatus askForStatus(TransactionId transaction, long nanos) {
    if (!connect()) {
      return TransactionStatus.UNDECIDED;
    }
    Scheduler scheduler = world.scheduler();
    Watch watch = new Watch(scheduler.now() + nanos);
    watched = watch;
    try {
      if (!passes(watch)) {
        connected = false;
        return TransactionStatus.UNDECIDED;
      }
      scheduler.sleepUntil(scheduler.now() + world.random().micros(100, 2_000));
      if (watch.isAborted() || !world.server().faults().acceptsConnections()) {
        connected = false;
        return TransactionStatus.UNDECIDED;
      }
      return world.server().status(transaction);
    } finally {
      watched = null;
    }
  }

  /** Whether the query gets to the server, maybe after a time. */
  private boolean passes(Watch watch) {
    Fault fault = instance.connectionFaults().strike(Fault.Point.STATUS);
    if (fault == null) {
      return true;
    }
    Scheduler scheduler = world.scheduler();
    FaultHistory.Window window =
        world.faultHistory().add(Effect.AWAY, instance.number(), scheduler.now(), Long.MAX_VALUE);
    long end = scheduler.now() + fault.lasting();
    while (!watch.isAborted() && scheduler.now() < end) {
      scheduler.sleepUntil(end);
    }
    window.end(scheduler.now());
    return !watch.isAborted() && fault.kind() == Fault.Kind.SILENCE;
  }

  @Override
  public void abortIfOverdue() {
    Watch watch = watched;
    if (watch != null && world.scheduler().now() - watch.deadline > 0) {
      watch.abort();
    }
  }

  @Override
  public void abort() {
    if (watched != null) {
      watched.abort();
    }
  }
}
