package attolytics.simulate.oracle;

import attolytics.simulate.oracle.FaultHistory.Effect;
import attolytics.simulate.plan.Plan;
import attolytics.simulate.workload.Attempt;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Checks that no writer of an instance rests while a request needs one. */
public final class LivenessCheck {
  /** Flushes are delayed by 20 ms at most; threads are off their processors for as long. */
  private static final long MAX_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

  /** A writer looks for requests that have expired once in a second. */
  private static final long MAX_OVERDUE_NANOS = TimeUnit.MILLISECONDS.toNanos(1_200);

  private static final long NEVER = Long.MAX_VALUE;

  private final String instance;
  private final long ackTimeout;
  private final FaultHistory faultHistory;
  private final Findings findings;
  private long waitsSince = NEVER;
  private long restsSince = NEVER;

  public LivenessCheck(
      String instance, Plan.Setup setup, FaultHistory faultHistory, Findings findings) {
    this.instance = instance;
    this.ackTimeout = setup.ackTimeoutNanos();
    this.faultHistory = faultHistory;
    this.findings = findings;
  }

  /**
   * Judges a time in which nothing happens.
   *
   * @param waits whether a request waits although a writer is free
   */
  public void requestWaits(boolean waits, long from, long to) {
    waitsSince = waits ? Math.min(waitsSince, from) : NEVER;
    if (waits && to - waitsSince > MAX_WAIT_NANOS && !faultHistory.isOutOfMemory()) {
      findings.add("a request waits although a writer is free", instance);
    }
  }

  /**
   * Judges a time in which nothing happens.
   *
   * @param rest whether all writers do
   * @param pending requests that are not answered
   */
  public void writersRest(boolean rest, long from, long to, List<Attempt> pending) {
    restsSince = rest ? Math.min(restsSince, from) : NEVER;
    if (rest && to - restsSince > MAX_OVERDUE_NANOS) {
      pending.forEach(attempt -> judgeExpiry(attempt, to));
    }
  }

  private void judgeExpiry(Attempt attempt, long to) {
    long expires = attempt.from() + ackTimeout;
    if (to - Math.max(restsSince, expires) > MAX_OVERDUE_NANOS
        && !faultHistory.felt(Effect.AWAY, attempt, 0)) {
      findings.add("a request expires, and no writer looks after it", attempt);
    }
  }
}
