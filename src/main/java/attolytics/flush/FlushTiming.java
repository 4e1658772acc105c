package attolytics.flush;

import java.util.concurrent.TimeUnit;

/**
 * Decides when the requests that have arrived are flushed: at once, or a little later and with more
 * rows.
 *
 * <pre>
 *   nobody flushes                32 requests or 500 rows: at once. Fewer: at once, or, if delays
 *                                 pay, when no more requests arrive, after 10 ms at most
 *   another writer is flushing    250 rows: at once. Fewer: when it has finished, after 10 ms at
 *                                 most, and then as above
 * </pre>
 *
 * <p>Whether delays pay is found out by trying. Clients that send at their own pace are not slowed
 * down by a delay: as many requests arrive, and take fewer transactions. Clients that wait for
 * their answers before they send again are slowed down. So now and then the other way is taken for
 * a while, and the requests of that time are compared with those of the time before. There are no
 * trials with a lone client: while its request is held, no other one arrives.
 *
 * <p>A second transaction beside another costs PostgreSQL more than the rows themselves as long as
 * both are small. Used by one thread at a time.
 */
final class FlushTiming {
  /** How long a flush is delayed at most. */
  static final long MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** As many rows are worth a transaction beside another one. */
  static final int ENOUGH_BESIDE_OTHERS = 250;

  /** As many rows are worth a transaction of their own. */
  static final int ENOUGH_ROWS = 500;

  /** As many requests that have arrived before a writer was free are flushed at once. */
  private static final int ENOUGH_ALREADY = 32;

  /** Waiting pays if at least as many requests will come. */
  private static final int ENOUGH_REQUESTS = 4;

  /** How often a writer looks for more requests while another one flushes. */
  private static final long LOOK_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

  private static final long MIN_SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** How long requests are counted before it is reconsidered. */
  static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** How many periods go by between two trials: the more, the more often they turned out alike. */
  private static final int MIN_PAUSE = 2;

  /** Less than a hundredth of the requests come in a trial. */
  private static final int MAX_PAUSE = 128;

  /** So many times as many requests, or as few, come from other clients: it is tried at once. */
  private static final double CHANGE = 2;

  /** Of a trial among those before it, as traffic varies by itself. */
  private static final double WEIGHT = 0.25;

  /** What part of the requests has to come all the same, for the fewer transactions. */
  private static final double ENOUGH_OF_THEM = 0.9;

  private double requestsPerNano;
  private boolean several; // requests at a time, at least once in the last period
  private double share = 1; // of the requests that come all the same
  private boolean usual;
  private boolean trying;
  private double rateBeforeTrial;
  private double rateAfterTrial;
  private int pause = MIN_PAUSE;
  private int periodsLeft = MIN_PAUSE;
  private long periodStart;
  private long requestsInPeriod;
  private boolean severalInPeriod;

  FlushTiming(long nowNanos) {
    periodStart = nowNanos;
  }

  /**
   * How long to wait for the end of another writer's flush before looking for more requests; 0 to
   * flush beside it.
   *
   * @param rows that are collected
   * @param waitedNanos since the first of them was accepted
   */
  static long besideOthersNanos(int rows, long waitedNanos) {
    return rows >= ENOUGH_BESIDE_OTHERS
        ? 0
        : Math.max(0, Math.min(LOOK_NANOS, MAX_NANOS - waitedNanos));
  }

  /**
   * Whether so many requests, which have come by themselves, are worth a transaction without a
   * delay.
   */
  static boolean isWorthWhile(int requests) {
    return requests >= ENOUGH_ALREADY;
  }

  /**
   * How long to wait for more requests; 0 to flush at once. As long as some come in each such time,
   * ask again.
   *
   * @param rows that are collected
   * @param waitedNanos since the first of them was accepted
   */
  long delayNanos(int rows, long waitedNanos) {
    if (rows >= ENOUGH_ROWS || waitedNanos >= MAX_NANOS || !isDelayed()) {
      return 0;
    }
    long slice = Math.max(MIN_SLICE_NANOS, (long) (ENOUGH_REQUESTS / requestsPerNano));
    return Math.min(slice, MAX_NANOS - waitedNanos);
  }

  /** Takes in that so many requests are flushed together now. */
  void flushed(int requests, long nowNanos) {
    requestsInPeriod += requests;
    severalInPeriod |= requests > 1;
    long elapsed = nowNanos - periodStart;
    if (elapsed >= PERIOD_NANOS) {
      requestsPerNano = (double) requestsInPeriod / elapsed;
      several = severalInPeriod;
      requestsInPeriod = 0;
      severalInPeriod = false;
      periodStart = nowNanos;
      reconsider();
    }
  }

  private boolean isDelayed() {
    return usual != trying && enoughWouldCome();
  }

  private boolean enoughWouldCome() {
    return several && requestsPerNano * MAX_NANOS >= ENOUGH_REQUESTS;
  }

  private void reconsider() {
    if (trying) {
      trying = false;
      rateAfterTrial = 0;
      judge(usual ? rateBeforeTrial / requestsPerNano : requestsPerNano / rateBeforeTrial);
      periodsLeft = pause;
    } else if ((--periodsLeft <= 0 || isOtherTraffic()) && enoughWouldCome()) {
      trying = true;
      rateBeforeTrial = requestsPerNano;
    } else if (rateAfterTrial == 0) {
      rateAfterTrial = requestsPerNano;
    }
  }

  /** Other clients than those of the last trial, by their number of requests. */
  private boolean isOtherTraffic() {
    return rateAfterTrial > 0
        && (requestsPerNano > CHANGE * rateAfterTrial || requestsPerNano * CHANGE < rateAfterTrial);
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
