package attolytics.simulate.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads that run the tasks of one simulation after the other: to start a thread takes longer than
 * a simulation. One of them, or the thread that made the pool, has the turn at any time.
 */
public final class ThreadPool implements AutoCloseable {
  private final Thread owner = Thread.currentThread();
  private final List<Worker> workers = new ArrayList<>();
  private volatile Thread turn = owner;
  private volatile boolean closed;

  /** A thread that runs a task at a time. */
  final class Worker extends Thread {
    private @Nullable Task task;

    private Worker(int number) {
      super("simulated-" + number);
      setDaemon(true);
    }

    @Override
    public void run() {
      awaitTurn();
      while (!closed) {
        Task mine = task;
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

  /** The task of the current thread, or null. */
  static @Nullable Task currentTask() {
    return taskOf(Thread.currentThread());
  }

  /** The task that a thread runs, or null. */
  static @Nullable Task taskOf(@Nullable Thread thread) {
    return thread instanceof Worker worker ? worker.task : null;
  }

  /** A thread for the task, which runs it once it has its turn. */
  Worker assign(Task task) {
    Worker free = workers.stream().filter(worker -> worker.task == null).findFirst().orElse(null);
    if (free == null) {
      free = new Worker(workers.size());
      workers.add(free);
      free.start();
    }
    free.task = task;
    return free;
  }

  /** Gives the turn to a thread, or, if it is null, to the owner. */
  void give(@Nullable Worker next) {
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
    for (Worker worker : workers) {
      give(worker);
    }
  }
}
