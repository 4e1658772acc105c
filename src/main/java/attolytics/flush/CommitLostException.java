package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import java.sql.SQLException;
import java.util.Map;

/** The connection broke during the COMMIT: the transaction may be committed or not. */
final class CommitLostException extends Exception {
  private final transient TransactionId transaction;
  private final transient Map<Batch, Outcome> known;
  private final SQLException sql;

  /**
   * @param known the outcomes of those that the transaction found to be settled before
   */
  CommitLostException(TransactionId transaction, Map<Batch, Outcome> known, SQLException sql) {
    super(sql);
    this.transaction = transaction;
    this.known = known;
    this.sql = sql;
  }

  SQLException sql() {
    return sql;
  }

  TransactionId transaction() {
    return transaction;
  }

  Map<Batch, Outcome> known() {
    return known;
  }
}
