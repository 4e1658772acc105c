package attolytics.flush.transaction;

/**
 * The time limits of one transaction.
 *
 * @param lockMillis for each wait for a lock
 * @param statementNanos for each statement, and for the check of deferred constraints, but not for
 *     the COMMIT
 * @param totalNanos for the transaction, after which its connection is aborted
 */
public record TimeLimits(int lockMillis, long statementNanos, long totalNanos) {}
