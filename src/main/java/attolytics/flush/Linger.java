package attolytics.flush;

import java.util.concurrent.TimeUnit;

/**
 * Decides whether flushes are better delayed, for the requests that will come in the meantime, by
 * trying. Used by one thread.
 *
 * <p>Clients that send at their own pace are not slowed down by waiting for more of them: as many
 * come, and take fewer transactions. Clients that wait for their answers before they send again
 * are, and come back later for it. So now and then the other way is taken for a while, and what
 * comes in that time is compared with what came just before.
 */
final class Linger {
  /** How long a flush is delayed at most. */
  static final long MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** As many rows make a transaction of their own worth while. */
  static final int ENOUGH_ROWS = 500;

  /** Waiting is worth while if at least as many requests will come. */
  private static final int ENOUGH_REQUESTS = 4;

  private static final long MIN_SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** How long requests are counted before it is reconsidered. */
  static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** How many periods go by between two trials: the more, the more often they turned out alike. */
  private static final int MIN_PAUSE = 2;

  private static final int MAX_PAUSE = 32;

  /** Of a trial among those before it, as traffic varies by itself. */
  private static final double WEIGHT = 0.25;

  /** What part of the requests has to come all the same, for the fewer transactions. */
  private static final double ENOUGH_OF_THEM = 0.9;

  private double requestsPerNano;
  private double share = 1; // of the requests that come all the same
  private boolean usual;
  private boolean trying;
  private double rateBeforeTrial;
  private int pause = MIN_PAUSE;
  private int periodsLeft = MIN_PAUSE;
  private long periodStart;
  private long requestsInPeriod;

  Linger(long nowNanos) {
    periodStart = nowNanos;
  }

  /** Takes in that so many requests are flushed now. */
  void flushed(int requests, long nowNanos) {
    requestsInPeriod += requests;
    long elapsed = nowNanos - periodStart;
    if (elapsed >= PERIOD_NANOS) {
      requestsPerNano = (double) requestsInPeriod / elapsed;
      requestsInPeriod = 0;
      periodStart = nowNanos;
      reconsider();
    }
  }

  /** Whether to wait, for a {@link #sliceNanos} at a time, as long as somebody comes in each. */
  boolean isWorthWhile() {
    return usual != trying && enoughWouldCome();
  }

  /** In which somebody should come, if requests are really coming. */
  long sliceNanos() {
    return Math.max(MIN_SLICE_NANOS, (long) (ENOUGH_REQUESTS / requestsPerNano));
  }

  private boolean enoughWouldCome() {
    return requestsPerNano * MAX_NANOS >= ENOUGH_REQUESTS;
  }

  private void reconsider() {
    if (trying) {
      trying = false;
      judge(usual ? rateBeforeTrial / requestsPerNano : requestsPerNano / rateBeforeTrial);
      periodsLeft = pause;
    } else if (--periodsLeft <= 0 && enoughWouldCome()) {
      trying = true;
      rateBeforeTrial = requestsPerNano;
    }
  }

  /**
   * @param tried what share of the requests came with waiting
   */
  private void judge(double tried) {
    share += WEIGHT * (Math.min(tried, 1) - share);
    boolean asExpected = tried >= ENOUGH_OF_THEM == usual;
    pause = asExpected ? Math.min(2 * pause, MAX_PAUSE) : MIN_PAUSE;
    usual = share >= ENOUGH_OF_THEM;
  }
}
