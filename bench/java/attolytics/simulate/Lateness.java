package attolytics.simulate;

import java.util.concurrent.TimeUnit;

/** By how much requests may be late that have done nothing wrong. */
final class Lateness {
  /** One lock timeout of the service, and what a flush and its next attempt take. */
  private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** The same where nothing is wrong at all. */
  private static final long CALM_LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  /** So much more beside rows that cost a connection each time. */
  private static final long BREAKING_ROWS_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** So much more beside rows that take their time: one of them is retried before. */
  private static final long SLOW_ROWS_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A statement of a flush may take an eighth: that of the flush before, and of its own. */
  private static final int SLOW_FLUSHES_PER_ACK_TIMEOUT = 4;

  private Lateness() {}

  /** The bound for all of a plan, not counting the time in which something was wrong. */
  static long boundOf(Plan plan) {
    if (plan.faults().isEmpty() && !plan.hasTrouble(trouble -> true)) {
      return CALM_LATE_NANOS;
    }
    long late = LATE_NANOS;
    if (plan.hasTrouble(trouble -> trouble.nanos() > 0)) {
      late += plan.setup().ackTimeoutNanos() / SLOW_FLUSHES_PER_ACK_TIMEOUT + SLOW_ROWS_NANOS;
    }
    return plan.hasTrouble(Plan.Trouble::ends) ? late + BREAKING_ROWS_NANOS : late;
  }
}
