package attolytics.simulate.runtime;

import attolytics.buffer.NanoClock;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time, and all that happens in it: events, and tasks, which are threads that wait for each
 * other's turn. Time passes only where everybody waits. What happens at the same time happens in an
 * order that the seed decides.
 */
public final class Scheduler implements NanoClock {
  /** No simulation that ends takes more. */
  private static final int MAX_STEPS = 2_000_000;

  /** Far from 0, like the time since the start of a machine. */
  static final long START = TimeUnit.DAYS.toNanos(100);

  /** Sees that time passes. */
  public interface TimeListener {
    /** Nothing happens between the two times. */
    void passes(long from, long to);
  }

  /** An action, or the end of a task's wait. */
  static final class Event {
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

    void cancel() {
      canceled = true;
    }
  }

  private final ThreadPool pool;
  private final DeterministicRandom random;
  private final int pausesPerMille;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          Comparator.<Event>comparingLong(e -> e.nanos).thenComparingLong(e -> e.order));
  private final List<Task> tasks = new ArrayList<>();
  private long now = START;
  private TimeListener timeListener = (from, to) -> {};
  private Consumer<ILoggingEvent> logListener = event -> {};
  private int steps;
  private boolean inAction;
  private boolean over;
  private boolean endless;
  private @Nullable Throwable failure;

  /**
   * @param pausesPerMille how often a thread is taken off its processor where it looks at the clock
   */
  public Scheduler(ThreadPool pool, DeterministicRandom random, int pausesPerMille) {
    this.pool = pool;
    this.random = random;
    this.pausesPerMille = pausesPerMille;
  }

  public void setTimeListener(TimeListener listener) {
    timeListener = listener;
  }

  /** Has what tasks log read, if there is a {@link LogCapture}. */
  public void setLogListener(Consumer<ILoggingEvent> listener) {
    logListener = listener;
  }

  void logged(ILoggingEvent event) {
    if (!over) {
      logListener.accept(event);
    }
  }

  /** The time so long after the start. */
  public static long timeOf(long nanos) {
    return START + nanos;
  }

  /** Has something happen at a time. */
  public void at(long nanos, Runnable action) {
    add(nanos, null, action);
  }

  /** Has something happen after a time. */
  public void after(long nanos, Runnable action) {
    add(now + nanos, null, action);
  }

  /** Starts a thread. */
  public Task start(Runnable body) {
    Task task = new Task(this, body, pool);
    tasks.add(task);
    task.wakeAt(now);
    return task;
  }

  Event add(long nanos, @Nullable Task task, @Nullable Runnable action) {
    Event event = new Event(Math.max(now, nanos), random.next(), task, action);
    events.add(event);
    return event;
  }

  /** Runs everything to its end. Throws what was thrown there. */
  public void run() {
    giveTurnsUntilOver();
    over = true;
    for (Task task : tasks) {
      if (!task.hasEnded()) {
        pool.give(task.worker());
        pool.awaitTurn();
      }
    }
    if (failure != null) {
      throw new IllegalStateException("the simulation failed", failure);
    }
  }

  private void giveTurnsUntilOver() {
    ThreadPool.Worker next = next();
    if (next != null) {
      pool.give(next);
      pool.awaitTurn();
    }
  }

  /** Ends the simulation, also while threads are still at work. */
  public void end() {
    over = true;
  }

  /** Whether it was ended because it went on for too long. */
  public boolean isEndless() {
    return endless;
  }

  boolean isOver() {
    return over;
  }

  void fail(Throwable e) {
    failure = e;
    over = true;
  }

  /** Runs events until one of them is a task's turn; null once all is over. */
  ThreadPool.@Nullable Worker next() {
    while (!over) {
      Event event = events.poll();
      if (event == null) {
        over = true;
      } else if (!event.canceled) {
        ThreadPool.Worker next = happen(event);
        if (next != null) {
          return next;
        }
      }
    }
    return null;
  }

  private ThreadPool.@Nullable Worker happen(Event event) {
    countStep();
    if (event.nanos > now) {
      timeListener.passes(now, event.nanos);
    }
    now = event.nanos;
    if (event.task != null) {
      return event.task.resume();
    }
    if (event.action != null) {
      run(event.action);
    }
    return null;
  }

  private void run(Runnable action) {
    inAction = true;
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      fail(e);
    } finally {
      inAction = false;
    }
  }

  private void countStep() {
    if (++steps > MAX_STEPS) {
      endless = true;
      over = true;
    }
  }

  /** Lets others go on until it is the task's turn. */
  void awaitTurn(Task task) {
    ThreadPool.Worker next = next();
    if (next != task.worker()) {
      pool.give(next);
      pool.awaitTurn();
    }
  }

  private @Nullable Task current() {
    return inAction ? null : ThreadPool.currentTask();
  }

  /** The task that runs. */
  public Task task() {
    Task task = current();
    if (task == null) {
      throw new IllegalStateException("only tasks wait");
    }
    task.endIfOver();
    return task;
  }

  /** Has the task that runs wait until the time, or for less if {@link Task#wake} is called. */
  public void sleepUntil(long nanos) {
    task().sleepUntil(nanos);
  }

  /** The time, without a pause of the thread that asks. */
  public long now() {
    return now;
  }

  @Override
  public long nanoTime() {
    Task task = current();
    if (task != null && !over && !task.isKilled()) {
      countStep();
      if (random.below(1000) < pausesPerMille) {
        sleepUntil(now + random.micros(1, random.percent(5) ? 20_000 : 50));
      }
    }
    return now;
  }

  @Override
  public void parkNanos(long nanos) {
    task().park(nanos);
  }

  @Override
  public void unpark(@Nullable Thread thread) {
    Task task = ThreadPool.taskOf(thread);
    if (task != null && task.scheduler() == this) {
      task.unpark();
    }
  }
}
