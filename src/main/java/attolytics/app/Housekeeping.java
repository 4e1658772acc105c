package attolytics.app;

import attolytics.logging.GuardedTask;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** What is done every now and then beside the pipeline. */
final class Housekeeping implements AutoCloseable {
  /** Enough for all the others to be on time while three of them wait for the database. */
  private static final int THREADS = 4;

  private static final Duration SHORTEST_PERIOD = Duration.ofMillis(100);

  private final ScheduledExecutorService executor =
      Executors.newScheduledThreadPool(THREADS, Housekeeping::thread);

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "housekeeping");
    thread.setDaemon(true);
    return thread;
  }

  /** Runs the task with so much time between, until the end; a failure of it ends nothing. */
  void repeat(Duration period, Runnable task) {
    long nanos = Math.max(SHORTEST_PERIOD.toNanos(), period.toNanos());
    Future<?> unused =
        executor.scheduleWithFixedDelay(GuardedTask.of(task), nanos, nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
