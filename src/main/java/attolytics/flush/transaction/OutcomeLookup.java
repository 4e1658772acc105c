package attolytics.flush.transaction;

/** How a writer finds out whether a COMMIT whose answer was lost took effect. */
public enum OutcomeLookup {
  /** It asks the server for the status of the transaction. */
  BY_TRANSACTION,

  /**
   * It writes the request again: its Idempotency-Key, which is committed with the rows, is then
   * found or not. Without a key, the outcome is unknown.
   */
  BY_KEY
}
