package attolytics.logging;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a periodic task scheduled: an executor does not repeat a task that has thrown. */
public final class GuardedTask {
  private static final Logger log = LoggerFactory.getLogger(GuardedTask.class);

  private GuardedTask() {}

  /** Returns a task that runs the given one and logs what it throws. */
  public static Runnable of(Runnable task) {
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
      log.error("Scheduled task failed", e);
    } catch (RuntimeException | Error again) {
      // Most likely out of memory, possibly only until the next run.
    }
  }
}
