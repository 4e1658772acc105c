package attolytics.metrics;

/** Why a flush began when it did. */
public enum FlushTrigger {
  /** As many rows as one flush should take. */
  ROWS,
  /** As many bytes as one flush should take. */
  BYTES,
  /** The oldest request had waited as long as it may. */
  INTERVAL,
  /** Nothing more was there, and waiting would have won nothing. */
  IDLE,
  /** The service is stopping. */
  DRAIN
}
