package attolytics.flush.transaction;

/** The status of a transaction, as another connection sees it. */
public enum TransactionStatus {
  COMMITTED,
  ABORTED,
  /** Still open, or nobody can be asked at the moment: no server, or only a standby. Ask again. */
  UNDECIDED,
  /** The server cannot tell, and will not be able to. */
  UNKNOWN
}
