package attolytics.http;

import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.http.problem.ErrorIds;
import attolytics.http.server.Limits;
import attolytics.metrics.Metrics;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentRefusals;
import attolytics.settings.TrustedProxies;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;

/**
 * What all requests share.
 *
 * @param ring where accepted requests wait for a writer
 * @param budget for the bytes of requests that are not answered yet
 * @param bodyBudget the part of it that incomplete bodies may take, so that those that never become
 *     complete leave room for the others
 * @param largeBodies how many more large bodies may be decoded now: each takes memory that is not
 *     in the budget
 * @param errorIds by which answers are found in the log
 * @param trustedProxies whose {@code X-Forwarded-For} is believed
 * @param clock by which events are too old, or too far in the future
 * @param quarantineIsFull says of an app whether it may put no more events into quarantine
 * @param refusals for the status page
 * @param outages which count the answers
 */
public record IngestContext(
    Ring ring,
    Budget budget,
    Budget bodyBudget,
    Semaphore largeBodies,
    Limits limits,
    Metrics metrics,
    ErrorIds errorIds,
    TrustedProxies trustedProxies,
    InstantSource clock,
    Predicate<String> quarantineIsFull,
    RecentRefusals refusals,
    RecentOutages outages) {
  public IngestContext(
      Ring ring,
      Budget budget,
      Limits limits,
      Metrics metrics,
      TrustedProxies trustedProxies,
      InstantSource clock,
      Predicate<String> quarantineIsFull,
      RecentRefusals refusals,
      RecentOutages outages) {
    this(
        ring,
        budget,
        budget.part(bodyPart(budget, limits)),
        new Semaphore(limits.maxLargeBodies()),
        limits,
        metrics,
        new ErrorIds(),
        trustedProxies,
        clock,
        quarantineIsFull,
        refusals,
        outages);
  }

  /** Half of it, but at least one body of the largest size. */
  private static long bodyPart(Budget budget, Limits limits) {
    return Math.max(budget.capacity() / 2, limits.maxBody());
  }

  /** The maximum number of rows in one request. */
  int maxRows() {
    return ring.capacityRows();
  }
}
