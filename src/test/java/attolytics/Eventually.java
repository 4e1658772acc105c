package attolytics;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** Waits for what happens at another thread, process or server. */
public final class Eventually {
  /** Long enough for a busy machine; a test that passes does not wait for its end. */
  private static final long PATIENCE_SECONDS = 60;

  private Eventually() {}

  /** Returns once the condition is true, and fails if it does not become so within a minute. */
  public static void await(Callable<Boolean> condition) throws Exception {
    await("the condition is true", condition);
  }

  /**
   * Returns once the condition is true, and fails if it does not become so within a minute.
   *
   * @param what the condition in words, for the failure
   */
  public static void await(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.call()) {
      assertTrue(System.nanoTime() < deadline, "waited without success until " + what);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }
}
