package attolytics.flush;

import java.util.concurrent.TimeUnit;

/**
 * Decides whether a flush is better delayed, for the requests that will come in the meantime. Used
 * by one thread.
 *
 * <p>Clients that wait for their answers before they send again come while a flush is under way
 * only as far as they are not in it: once all are gathered, waiting wins nothing. Clients that send
 * at their own pace keep coming. So the rate is measured during flushes, and waiting is given up as
 * soon as nobody comes, and for the longer the more often that was in vain.
 */
final class Linger {
  /** How long a flush is delayed at most. */
  static final long MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** As many rows make a transaction of their own worth while. */
  static final int ENOUGH_ROWS = 500;

  /** Waiting is worth while if at least as many requests will come. */
  private static final int ENOUGH_REQUESTS = 4;

  private static final long MIN_SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final double WEIGHT = 0.1;
  private static final int MAX_SKIPS = 64;

  private double requestsPerNano;
  private int skips;
  private int skipsLeft;

  /** Takes in how many requests came while a flush was under way. */
  void observe(int requests, long nanos) {
    double rate = (double) requests / Math.max(1, nanos);
    requestsPerNano += WEIGHT * (rate - requestsPerNano);
  }

  /** Whether to wait, for a {@link #sliceNanos} at a time. */
  boolean isWorthWhile() {
    if (requestsPerNano * MAX_NANOS < ENOUGH_REQUESTS) {
      return false;
    }
    if (skipsLeft > 0) {
      skipsLeft--;
      return false;
    }
    return true;
  }

  /** In which somebody should come, if requests are really coming. */
  long sliceNanos() {
    return Math.max(MIN_SLICE_NANOS, (long) (ENOUGH_REQUESTS / requestsPerNano));
  }

  /** It paid off: somebody came all the time. */
  void paidOff() {
    skips = 0;
  }

  /** It was in vain: nobody came any more. */
  void wasInVain() {
    skips = Math.min(MAX_SKIPS, 2 * skips + 1);
    skipsLeft = skips;
  }
}
