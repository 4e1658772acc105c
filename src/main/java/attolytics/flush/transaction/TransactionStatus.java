package attolytics.flush.transaction;

/** The status of a transaction, as another connection sees it. */
public enum TransactionStatus {
  COMMITTED,
  ABORTED,
  /** Or the database cannot be asked at the moment. */
  IN_PROGRESS,
  /** The server cannot tell, and will not be able to. */
  UNKNOWN
}
