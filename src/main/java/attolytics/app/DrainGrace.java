package attolytics.app;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * For how long the port goes on to answer 503 after the drain, and at which moment it closes.
 *
 * <p>A request that comes at the moment of the close finds a broken connection. A proxy that has
 * received a 503 turns to another instance and sends nothing for a while, at least a second, and
 * then a single request, to find out. So the port is closed soon after a 503, before the proxy's
 * next request.
 *
 * @param shortest how long after the drain the port answers at least
 * @param longest how long at most
 */
record DrainGrace(Duration shortest, Duration longest) {
  /** None: the port closes at once. */
  static final DrainGrace NONE = new DrainGrace(Duration.ZERO, Duration.ZERO);

  /**
   * For proxies that avoid an instance for a second or more after a 503. nginx counts in whole
   * seconds, so it takes up to two.
   */
  static final DrainGrace FOR_PROXIES =
      new DrainGrace(Duration.ofMillis(500), Duration.ofMillis(2_500));

  /** Within which other requests that were sent at the same time are answered. */
  private static final Duration QUIET = Duration.ofMillis(100);

  /** Less than a second, as the close takes some time, too. */
  private static final Duration RECENT = Duration.ofMillis(600);

  private static final long POLL_MILLIS = 20;

  /**
   * Waits for the moment to close.
   *
   * @param refusedNanos when a request was last refused; empty if none was
   * @param deadline at which the wait ends
   * @param hurry at zero, there is no wait
   */
  void await(Supplier<OptionalLong> refusedNanos, long deadline, CountDownLatch hurry)
      throws InterruptedException {
    long begin = System.nanoTime();
    boolean over = false;
    while (!over && !hurry.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
      long now = System.nanoTime();
      over = isOver(now - begin, now - deadline > 0, now, refusedNanos.get());
    }
  }

  /**
   * Whether this is the moment.
   *
   * @param waited nanoseconds since the drain
   * @param expired whether there is no time left
   */
  boolean isOver(long waited, boolean expired, long now, OptionalLong refusedNanos) {
    if (expired) {
      return true;
    }
    if (waited < shortest.toNanos()) {
      return false;
    }
    if (waited >= longest.toNanos() || refusedNanos.isEmpty()) {
      return true;
    }
    long sinceRefusal = now - refusedNanos.getAsLong();
    return sinceRefusal >= QUIET.toNanos() && sinceRefusal <= RECENT.toNanos();
  }
}
