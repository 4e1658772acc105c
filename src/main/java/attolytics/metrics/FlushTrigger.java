package attolytics.metrics;

/** What triggered a flush. */
public enum FlushTrigger {
  /** The number of rows reached its threshold. */
  ROWS,
  /** The size of the rows reached its threshold. */
  BYTES,
  /** The oldest request had waited for the flush interval. */
  INTERVAL,
  /** No more requests were available, and waiting for them would not have paid. */
  IDLE,
  /** The service is stopping. */
  DRAIN
}
