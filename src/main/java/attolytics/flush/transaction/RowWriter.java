package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * Writes rows in a transaction that does more than a flush: in the same format, under the same
 * limits and with the same checks, but without retries. One thread at a time.
 */
public final class RowWriter {
  private static final long STATEMENT_NANOS = Duration.ofMinutes(1).toNanos();

  private final TableWriter tableWriter = new TableWriter();

  /** The database refused rows; the transaction is of no use until it is rolled back. */
  public static final class RefusedException extends Exception {
    private final FlushException failure;

    private RefusedException(FlushException failure) {
      super(failure.sql());
      this.failure = failure;
    }

    /** Whether it was not for the rows, but for what may be over by the next attempt. */
    public boolean isTransient() {
      return failure.kind() == Kind.TRANSIENT;
    }

    /** Whether the table, and not the rows, is to be corrected. */
    public boolean isOfTable() {
      return failure.isOfTable();
    }

    /** What refused a row, in words. */
    public String place() {
      return failure.place();
    }

    /** Whether a unique or exclusion constraint refused a row. */
    public boolean isConflict() {
      return failure.isConflict();
    }

    /** The database's words, without those that quote rows. */
    public String words() {
      return CopyError.forTheClient(failure.sql(), failure.table());
    }

    /** The error itself. */
    public SQLException error() {
      return failure.sql();
    }
  }

  /**
   * Begins a transaction with limits of its own. The connection must not commit by itself.
   *
   * @param lockMillis for each wait for a lock
   */
  public static void begin(Connection connection, int lockMillis) throws SQLException {
    TransactionId.begin(
        connection,
        new TimeLimits(lockMillis, STATEMENT_NANOS, STATEMENT_NANOS),
        OutcomeLookup.BY_KEY);
  }

  /**
   * Writes all rows of the batches, but for those that their tables have already by {@code
   * deduplicate_by}, and checks deferred constraints.
   *
   * @param byInsert whether INSERT is to be used, which is slower and whose errors say more
   */
  public void write(Connection connection, List<Batch> batches, boolean byInsert)
      throws RefusedException, SQLException {
    batches.forEach(Batch::resetDuplicates);
    try {
      for (Table table : FlushTransaction.tablesOf(batches)) {
        if (byInsert) {
          tableWriter.insert(connection, table, batches);
        } else {
          tableWriter.copy(connection, table, batches);
        }
      }
    } catch (FlushException e) {
      throw new RefusedException(e);
    }
    try {
      Commit.checkConstraints(connection);
    } catch (SQLException e) {
      throw new RefusedException(new FlushException(FlushException.Stage.CONSTRAINTS, e));
    }
  }

  /** Commits. Returns only if the server confirms the COMMIT. */
  public static void commit(Connection connection) throws SQLException {
    new Commit().run(connection);
  }
}
