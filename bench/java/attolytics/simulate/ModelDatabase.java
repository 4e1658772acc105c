package attolytics.simulate;

import attolytics.flush.transaction.FlushDatabase;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.flush.transaction.TimeLimits;
import attolytics.flush.transaction.TransactionId;
import attolytics.flush.transaction.TransactionStatus;
import attolytics.simulate.Excuses.Effect;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A writer's way to the model of the server: its pool with one connection. */
final class ModelDatabase implements FlushDatabase {
  /** As long as the pool waits for a connection. */
  private static final long CONNECT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final long CONNECT_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /** How often the service looks for connections that are overdue. */
  private static final long CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final World world;
  private final Instance instance;
  private boolean connected;
  private @Nullable Link watched;
  private final Fairness fairness;
  private boolean committed = true;

  /** A connection while it is watched. */
  final class Link {
    private final long deadline;
    private final Scheduler.Task task;
    private boolean aborted;

    private Link(long deadline) {
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
        world.scheduler().wake(task);
      }
    }
  }

  ModelDatabase(World world, Instance instance) {
    this.world = world;
    this.instance = instance;
    this.fairness = new Fairness(world);
  }

  private void scheduleCheck(Link link, long nanos) {
    long tick = (nanos / CHECK_NANOS + 1) * CHECK_NANOS;
    world
        .scheduler()
        .at(
            tick,
            () -> {
              if (watched == link && !link.aborted) {
                instance.check();
                scheduleCheck(link, world.scheduler().now());
              }
            });
  }

  @Override
  public Transaction begin(TimeLimits limits) throws FlushException {
    committed = false;
    long since = world.scheduler().now();
    if (!connect()) {
      throw new FlushException(Stage.BEGIN, Errors.refused());
    }
    Link link = new Link(world.scheduler().now() + limits.totalNanos());
    watched = link;
    ModelTransaction transaction = new ModelTransaction(world, instance, this, link, limits, since);
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
    Condition condition = world.server().condition();
    long end = scheduler.now() + CONNECT_NANOS;
    while (!(connected ? !condition.isDown() : condition.acceptsConnections())) {
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
  Fairness fairness() {
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
      return TransactionStatus.IN_PROGRESS;
    }
    Scheduler scheduler = world.scheduler();
    Link link = new Link(scheduler.now() + nanos);
    watched = link;
    try {
      Fault fault = instance.arms().strike(Fault.Point.STATUS);
      if (fault != null) {
        Excuses.Window window =
            world.excuses().add(Effect.AWAY, instance.number(), scheduler.now(), Long.MAX_VALUE);
        long end = scheduler.now() + fault.lasting();
        while (!link.isAborted() && scheduler.now() < end) {
          scheduler.sleepUntil(end);
        }
        window.end(scheduler.now());
        if (link.isAborted() || fault.kind() != Fault.Kind.SILENCE) {
          connected = false;
          return TransactionStatus.IN_PROGRESS;
        }
      }
      scheduler.sleepUntil(scheduler.now() + world.draw().micros(100, 2_000));
      if (link.isAborted() || !world.server().condition().acceptsConnections()) {
        connected = false;
        return TransactionStatus.IN_PROGRESS;
      }
      return world.server().status(transaction);
    } finally {
      watched = null;
    }
  }

  @Override
  public void abortIfOverdue() {
    Link link = watched;
    if (link != null && world.scheduler().now() - link.deadline > 0) {
      link.abort();
    }
  }

  @Override
  public void abort() {
    if (watched != null) {
      watched.abort();
    }
  }
}
