package attolytics.flush;

/** How a writer learns whether a COMMIT whose answer was lost has taken effect. */
public enum OutcomeLookup {
  /** It asks the server for the status of the transaction. */
  BY_TRANSACTION,

  /**
   * It looks for the request's Idempotency-Key, which is committed with the rows. Of a request
   * without one nobody can tell.
   */
  BY_KEY
}
