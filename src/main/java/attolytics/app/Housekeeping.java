package attolytics.app;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is done every now and then beside the pipeline. */
final class Housekeeping implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);

  /** Enough for all the others to be on time while two of them wait for the database. */
  private static final int THREADS = 3;

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
        executor.scheduleWithFixedDelay(guarded(task), nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** A task that throws nothing: an executor would not run it again. */
  static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        logFailure(e);
      }
    };
  }

  private static void logFailure(Throwable e) {
    try {
      log.error("Housekeeping failed", e);
    } catch (RuntimeException | Error again) {
      // A lack of memory, most likely, which may have passed when the task is run next.
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
