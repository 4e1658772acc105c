package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.schema.Table;
import java.util.List;
import java.util.Map;

/**
 * The database of one writer: what a flush needs, and no more. {@link JdbcFlushDatabase} is
 * PostgreSQL; tests and the simulator have models of it.
 *
 * <pre>
 *   begin ─► claimKeys ─► copy or insert, a table at a time ─► commit ─► close
 *                │                  │                            │
 *                └──────────────────┴── FlushException ──────────┴─► sessionAfterFailure ─► close
 * </pre>
 */
public interface FlushDatabase {
  /**
   * Begins a transaction on a connection of its own.
   *
   * @throws FlushException of stage BEGIN
   */
  Transaction begin(TimeLimits limits) throws FlushException;

  /**
   * Asks for the status of a transaction, on another connection than its own.
   *
   * @param nanos after which that connection is aborted
   */
  TransactionStatus status(TransactionId transaction, long nanos);

  /** Aborts the connection in use if its time limit is over. Any thread. */
  void abortIfOverdue();

  /** Aborts the connection in use, if there is one. Any thread. */
  void abort();

  /** An open transaction. Its methods throw a {@link FlushException} of the stage that failed. */
  interface Transaction extends AutoCloseable {
    /** By which its status can be asked for. */
    TransactionId id();

    /**
     * Inserts the Idempotency-Keys of those batches that have one, no two of them the same.
     *
     * @return the outcomes of those whose key was committed before, or is only looked up: their
     *     rows must not be written
     */
    Map<Batch, Outcome> claimKeys(List<Batch> batches) throws FlushException;

    /**
     * Finds out which keys other transactions have locked. This transaction must not be committed.
     *
     * @param keyed batches with a key, no two with the same
     * @param millis how long that may take
     */
    LockedKeys findLockedKeys(List<Batch> keyed, long millis) throws FlushException;

    /** Writes the rows of the table by COPY. */
    void copy(Table table, List<Batch> batches) throws FlushException;

    /** Writes the rows of the table by INSERT, which is slower and whose errors say more. */
    void insert(Table table, List<Batch> batches) throws FlushException;

    /** Checks deferred constraints, and commits. Returns only if the server confirms the COMMIT. */
    void commit() throws FlushException;

    /** Rolls back, and finds out whether the session still answers and can write. */
    Session sessionAfterFailure();

    /** Ends the use of the connection; a transaction that is not committed is rolled back. */
    @Override
    void close();
  }

  /**
   * Idempotency-Keys that a transaction has tried to claim.
   *
   * @param locked batches whose key another transaction has locked
   * @param unchecked batches whose keys there was no time left to try
   */
  record LockedKeys(List<Batch> locked, List<Batch> unchecked) {}
}
