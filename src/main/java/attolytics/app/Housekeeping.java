package attolytics.app;

import attolytics.logging.GuardedTask;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Runs periodic tasks beside the pipeline. */
final class Housekeeping implements AutoCloseable {
  /** The other tasks stay on time while the seven that use the database wait for it. */
  private static final int THREADS = 8;

  private static final Duration MIN_DELAY = Duration.ofMillis(100);

  private final ScheduledExecutorService executor =
      Executors.newScheduledThreadPool(THREADS, Housekeeping::thread);

  private final ScheduledExecutorService punctual =
      Executors.newSingleThreadScheduledExecutor(Housekeeping::thread);

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "housekeeping");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Runs the task periodically until this is closed. If a run fails, the next one takes place all
   * the same.
   *
   * @param delay before the first run, and between the end of a run and the beginning of the next
   */
  void schedule(Duration delay, Runnable task) {
    schedule(delay, delay, task);
  }

  /** The same, with another delay before the first run. */
  void schedule(Duration first, Duration delay, Runnable task) {
    schedule(executor, first, delay, task);
  }

  /** The same, in a thread of its own, which no other task can keep busy. */
  void schedulePunctually(Duration delay, Runnable task) {
    schedule(punctual, delay, delay, task);
  }

  private static void schedule(
      ScheduledExecutorService executor, Duration first, Duration delay, Runnable task) {
    Future<?> unused =
        executor.scheduleWithFixedDelay(
            GuardedTask.of(task), nanos(first), nanos(delay), TimeUnit.NANOSECONDS);
  }

  private static long nanos(Duration delay) {
    return Math.max(MIN_DELAY.toNanos(), delay.toNanos());
  }

  @Override
  public void close() {
    executor.shutdownNow();
    punctual.shutdownNow();
  }
}
