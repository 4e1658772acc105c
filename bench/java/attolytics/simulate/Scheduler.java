package attolytics.simulate;

import attolytics.buffer.NanoClock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time, and all that happens in it: events, and tasks, which are threads that wait for each
 * other's turn. Time passes only where everybody waits. What happens at the same time happens in an
 * order that the seed decides.
 */
final class Scheduler implements NanoClock {
  /** No simulation that ends takes more. */
  private static final int MAX_STEPS = 2_000_000;

  /** Far from 0, like the time since the start of a machine. */
  static final long START = TimeUnit.DAYS.toNanos(100);

  /** Ends a task whose simulation is over, or that was killed. */
  static final class Over extends Error {
    private static final long serialVersionUID = 1;

    private Over() {
      super("the simulation is over", null, false, false);
    }
  }

  private static final class Event {
    private final long nanos;
    private final long order;
    private final @Nullable Task task;
    private final @Nullable Runnable action;
    private boolean canceled;

    private Event(long nanos, long order, @Nullable Task task, @Nullable Runnable action) {
      this.nanos = nanos;
      this.order = order;
      this.task = task;
      this.action = action;
    }
  }

  /** A thread of the simulation. */
  final class Task {
    private final Runnable body;
    private final Crew.Hand hand;
    private @Nullable Event wake;
    private boolean parked;
    private boolean permit;
    private long frozenUntil;
    private boolean killed;
    private boolean ended;

    private Task(Runnable body) {
      this.body = body;
      this.hand = crew.assign(this);
    }

    Scheduler scheduler() {
      return Scheduler.this;
    }

    /** Runs it to its end, on its own thread. */
    void run() {
      try {
        if (!isOver(this)) {
          body.run();
        }
      } catch (Over over) {
        // as it has to be
      } catch (RuntimeException | Error e) {
        fail(e);
      }
      ended = true;
    }

    /** Whether it waits, and not for the database. */
    boolean isParked() {
      return parked;
    }

    boolean isKilled() {
      return killed;
    }

    boolean hasEnded() {
      return ended;
    }

    /** Does not run before that time. */
    void freeze(long untilNanos) {
      frozenUntil = Math.max(frozenUntil, untilNanos);
    }

    /** Ends it at its next step. */
    void kill() {
      killed = true;
      frozenUntil = 0;
      wake(this);
    }
  }

  /** Sees that time passes. */
  interface Watch {
    /** Nothing happens between the two times. */
    void passes(long from, long to);
  }

  private final Crew crew;
  private final Draw draw;
  private final int pausesPerMille;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          Comparator.<Event>comparingLong(e -> e.nanos).thenComparingLong(e -> e.order));
  private final List<Task> tasks = new ArrayList<>();
  private long now = START;
  private Watch watch = (from, to) -> {};
  private int steps;
  private boolean inEvent;
  private boolean over;
  private boolean endless;
  private @Nullable Throwable failure;

  /**
   * @param pausesPerMille how often a thread is taken off its processor where it looks at the clock
   */
  Scheduler(Crew crew, Draw draw, int pausesPerMille) {
    this.crew = crew;
    this.draw = draw;
    this.pausesPerMille = pausesPerMille;
  }

  void setWatch(Watch watcher) {
    watch = watcher;
  }

  /** Has something happen at a time. */
  void at(long nanos, Runnable action) {
    add(nanos, null, action);
  }

  /** Has something happen after a time. */
  void after(long nanos, Runnable action) {
    add(now + nanos, null, action);
  }

  /** Starts a thread. */
  Task start(Runnable body) {
    Task task = new Task(body);
    tasks.add(task);
    task.wake = add(now, task, null);
    return task;
  }

  private Event add(long nanos, @Nullable Task task, @Nullable Runnable action) {
    Event event = new Event(Math.max(now, nanos), draw.next(), task, action);
    events.add(event);
    return event;
  }

  /** Runs everything to its end. Throws what was thrown there. */
  void run() {
    giveTurnsUntilOver();
    over = true;
    for (Task task : tasks) {
      if (!task.ended) {
        crew.give(task.hand);
        crew.awaitTurn();
      }
    }
    if (failure != null) {
      throw new IllegalStateException("the simulation failed", failure);
    }
  }

  private void giveTurnsUntilOver() {
    Crew.Hand next = next();
    if (next != null) {
      crew.give(next);
      crew.awaitTurn();
    }
  }

  /** Ends the simulation, also while threads are still at work. */
  void end() {
    over = true;
  }

  /** Whether it was ended because it went on for too long. */
  boolean isEndless() {
    return endless;
  }

  boolean isOver() {
    return over;
  }

  private boolean isOver(Task task) {
    return over || task.killed;
  }

  private void fail(Throwable e) {
    failure = e;
    over = true;
  }

  /** Runs events until one of them is a task's turn; null once all is over. */
  Crew.@Nullable Hand next() {
    while (!over) {
      Event event = events.poll();
      if (event == null) {
        over = true;
      } else if (!event.canceled) {
        count();
        if (event.nanos > now) {
          watch.passes(now, event.nanos);
        }
        now = event.nanos;
        Task task = event.task;
        if (task == null) {
          run(event);
        } else if (task.frozenUntil > now) {
          task.wake = add(task.frozenUntil, task, null);
        } else {
          task.wake = null;
          return task.hand;
        }
      }
    }
    return null;
  }

  private void run(Event event) {
    inEvent = true;
    try {
      if (event.action != null) {
        event.action.run();
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    } finally {
      inEvent = false;
    }
  }

  private void count() {
    if (++steps > MAX_STEPS) {
      endless = true;
      over = true;
    }
  }

  private @Nullable Task current() {
    return Thread.currentThread() instanceof Crew.Hand hand && !inEvent ? hand.task() : null;
  }

  /** Lets others go on until the task is woken. */
  private void await(Task task) {
    Crew.Hand next = next();
    if (next != task.hand) {
      crew.give(next);
      crew.awaitTurn();
    }
    if (isOver(task)) {
      throw new Over();
    }
  }

  private Task self() {
    Task task = current();
    if (task == null) {
      throw new IllegalStateException("only tasks wait");
    }
    if (isOver(task)) {
      throw new Over();
    }
    return task;
  }

  /** Waits until the time, or for less if {@link #wake} is called. */
  void sleepUntil(long nanos) {
    Task task = self();
    task.wake = add(nanos, task, null);
    await(task);
  }

  /** The task that runs. */
  Task task() {
    return self();
  }

  /** Ends a wait now. */
  void wake(Task task) {
    if (task.wake != null && !task.ended) {
      task.wake.canceled = true;
      task.wake = add(now, task, null);
    }
  }

  /** The time, without a pause of the thread that asks. */
  long now() {
    return now;
  }

  @Override
  public long nanoTime() {
    Task task = current();
    if (task != null && !over && !task.killed) {
      count();
      if (draw.below(1000) < pausesPerMille) {
        sleepUntil(now + draw.micros(1, draw.percent(5) ? 20_000 : 50));
      }
    }
    return now;
  }

  @Override
  public void parkNanos(long nanos) {
    Task task = self();
    if (task.permit) {
      task.permit = false;
      return;
    }
    task.parked = true;
    task.wake = add(nanos > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + nanos, task, null);
    try {
      await(task);
    } finally {
      task.parked = false;
      task.permit = false;
    }
  }

  @Override
  public void unpark(@Nullable Thread thread) {
    Task task = thread instanceof Crew.Hand hand ? hand.task() : null;
    if (task == null || task.scheduler() != this) {
      return;
    }
    if (task.parked) {
      wake(task);
    } else {
      task.permit = true;
    }
  }
}
