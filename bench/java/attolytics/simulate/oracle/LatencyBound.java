package attolytics.simulate.oracle;

import attolytics.simulate.plan.Plan;
import attolytics.simulate.workload.Request;
import attolytics.simulate.workload.RowFault;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** By how much answers may be late to requests that have done nothing wrong. */
final class LatencyBound {
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

  /** A flush may wait for a key that the other instance's flush has, and then for a table. */
  private static final long KEY_LOCK_NANOS = TimeUnit.MILLISECONDS.toNanos(750);

  private LatencyBound() {}

  /** The bound for all of a plan, not counting the time in which something was wrong. */
  static long of(Plan plan) {
    if (plan.faults().isEmpty() && !plan.hasRowFault(fault -> true)) {
      return CALM_LATE_NANOS;
    }
    boolean sharesKeys = sharesKeys(plan);
    long late = sharesKeys ? LATE_NANOS + KEY_LOCK_NANOS : LATE_NANOS;
    if (plan.hasRowFault(RowFault::isSlow)) {
      long slow = plan.setup().ackTimeoutNanos() / SLOW_FLUSHES_PER_ACK_TIMEOUT + SLOW_ROWS_NANOS;
      late += sharesKeys ? 2 * slow : slow; // the key may be in a slow flush of the other
    }
    return plan.hasRowFault(RowFault::ends) ? late + BREAKING_ROWS_NANOS : late;
  }

  /** Whether a key is sent to several instances. */
  private static boolean sharesKeys(Plan plan) {
    Map<String, Integer> instances = new HashMap<>();
    for (Request request : plan.requests()) {
      for (Request.Send send : request.sends()) {
        String key = request.key();
        Integer other = key == null ? null : instances.put(key, send.instance());
        if (other != null && other != send.instance()) {
          return true;
        }
      }
    }
    return false;
  }
}
