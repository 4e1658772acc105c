package attolytics.simulate.runtime;

import org.jspecify.annotations.Nullable;

/** A thread of the simulation. It runs only while it has the turn. */
public final class Task {
  /** Ends a task that was killed, or whose simulation is over. */
  private static final class Ended extends Error {
    private static final long serialVersionUID = 1;

    private Ended() {
      super("the task is ended", null, false, false);
    }
  }

  private final Scheduler scheduler;
  private final Runnable body;
  private final ThreadPool.Worker worker;
  private Scheduler.@Nullable Event wake;
  private boolean parked;
  private boolean permit;
  private long frozenUntil;
  private boolean killed;
  private boolean ended;

  Task(Scheduler scheduler, Runnable body, ThreadPool pool) {
    this.scheduler = scheduler;
    this.body = body;
    this.worker = pool.assign(this);
  }

  Scheduler scheduler() {
    return scheduler;
  }

  ThreadPool.Worker worker() {
    return worker;
  }

  /** Runs it to its end, on its own thread. */
  void run() {
    try {
      if (!isOver()) {
        body.run();
      }
    } catch (Ended expected) {
      // as it has to be
    } catch (RuntimeException | Error e) {
      scheduler.fail(e);
    }
    ended = true;
  }

  private boolean isOver() {
    return killed || scheduler.isOver();
  }

  /** Whether it waits, and not for the database. */
  public boolean isParked() {
    return parked;
  }

  boolean isKilled() {
    return killed;
  }

  public boolean hasEnded() {
    return ended;
  }

  /** Does not run before that time. */
  public void freeze(long untilNanos) {
    frozenUntil = Math.max(frozenUntil, untilNanos);
  }

  /** Ends it at its next step. */
  public void kill() {
    killed = true;
    frozenUntil = 0;
    wake();
  }

  /** Ends its wait now. */
  public void wake() {
    if (wake != null && !ended) {
      wake.cancel();
      wakeAt(scheduler.now());
    }
  }

  void wakeAt(long nanos) {
    wake = scheduler.add(nanos, this, null);
  }

  /** Its wait has ended: gives the thread that goes on, or null if it is frozen. */
  ThreadPool.@Nullable Worker resume() {
    if (frozenUntil > scheduler.now()) {
      wakeAt(frozenUntil);
      return null;
    }
    wake = null;
    return worker;
  }

  /** Waits until the time, or for less if it is woken. */
  void sleepUntil(long nanos) {
    wakeAt(nanos);
    scheduler.awaitTurn(this);
    endIfOver();
  }

  void endIfOver() {
    if (isOver()) {
      throw new Ended();
    }
  }

  /** As {@link java.util.concurrent.locks.LockSupport#parkNanos(long)}. */
  void park(long nanos) {
    if (permit) {
      permit = false;
      return;
    }
    parked = true;
    long now = scheduler.now();
    try {
      sleepUntil(nanos > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + nanos);
    } finally {
      parked = false;
      permit = false;
    }
  }

  void unpark() {
    if (parked) {
      wake();
    } else {
      permit = true;
    }
  }
}
