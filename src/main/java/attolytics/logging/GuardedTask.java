package attolytics.logging;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a scheduled task alive: an executor does not run a task again that has thrown. */
public final class GuardedTask {
  private static final Logger log = LoggerFactory.getLogger(GuardedTask.class);

  private GuardedTask() {}

  /** Returns a task that does the same, and logs what the given one throws. */
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
      // Most likely out of memory, which may have passed by the task's next run.
    }
  }
}
