package attolytics.http;

import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.metrics.Metrics;
import java.time.InstantSource;

/**
 * What requests are served with.
 *
 * @param ring where accepted requests go
 * @param budget of the bytes that are read and wait for their commit
 * @param bodyBudget the part of it that bodies may take while they are being read, so that those
 *     who never come to an end leave room for those who do
 * @param errorIds by which answers are found in the log
 * @param clock by which events are too old, or too far in the future
 */
public record Ingest(
    Ring ring,
    Budget budget,
    Budget bodyBudget,
    Limits limits,
    Metrics metrics,
    ErrorIds errorIds,
    InstantSource clock) {
  public Ingest(Ring ring, Budget budget, Limits limits, Metrics metrics, InstantSource clock) {
    this(
        ring,
        budget,
        budget.part(bodyPart(budget, limits)),
        limits,
        metrics,
        new ErrorIds(),
        clock);
  }

  /** A half, but enough for a single body in any case. */
  private static long bodyPart(Budget budget, Limits limits) {
    return Math.max(budget.capacity() / 2, limits.maxBody());
  }

  /** The rows that a single request may have. */
  int maxRows() {
    return ring.capacityRows();
  }
}
