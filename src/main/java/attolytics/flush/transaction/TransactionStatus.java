package attolytics.flush.transaction;

/** The status of a transaction, as another connection sees it. */
public enum TransactionStatus {
  COMMITTED,
  ABORTED,
  /** Not decided yet, or the database cannot be asked at the moment: ask again. */
  IN_PROGRESS,
  /** The server cannot tell, and will not be able to. */
  UNKNOWN
}
