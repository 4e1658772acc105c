package attolytics.simulate;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads that run the tasks of one simulation after the other: to start a thread takes longer than
 * a simulation. One of them, or the thread that made the crew, has the turn at any time.
 */
final class Crew implements AutoCloseable {
  private final Thread owner = Thread.currentThread();
  private final List<Hand> hands = new ArrayList<>();
  private volatile Thread turn = owner;
  private volatile boolean closed;
  private @Nullable World world;

  /** A thread that runs a task at a time. */
  final class Hand extends Thread {
    private Scheduler.@Nullable Task task;

    private Hand(int number) {
      super("simulated-" + number);
      setDaemon(true);
    }

    /** That its task belongs to, or null. */
    @Nullable World world() {
      return world;
    }

    Scheduler.@Nullable Task task() {
      return task;
    }

    @Override
    public void run() {
      awaitTurn();
      while (!closed) {
        Scheduler.Task mine = task;
        if (mine == null) {
          throw new IllegalStateException("a turn without a task");
        }
        mine.run();
        task = null;
        give(mine.scheduler().next());
        awaitTurn();
      }
    }
  }

  /** Begins to run the tasks of another simulation. */
  void enter(World next) {
    world = next;
  }

  /** A thread for the task, which runs it once it has its turn. */
  Hand assign(Scheduler.Task task) {
    Hand free = hands.stream().filter(hand -> hand.task == null).findFirst().orElse(null);
    if (free == null) {
      free = new Hand(hands.size());
      hands.add(free);
      free.start();
    }
    free.task = task;
    return free;
  }

  /** Gives the turn to a thread, or, if it is null, to the owner. */
  void give(@Nullable Hand next) {
    Thread to = next == null ? owner : next;
    turn = to;
    LockSupport.unpark(to);
  }

  /** Waits until it is the current thread's turn. */
  void awaitTurn() {
    Thread self = Thread.currentThread();
    while (turn != self) {
      LockSupport.park(this);
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Hand hand : hands) {
      give(hand);
    }
  }
}
