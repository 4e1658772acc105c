package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.FailurePolicy.Session;
import java.sql.SQLException;
import java.util.Map;

/** The COMMIT failed in a way that leaves open whether the transaction is committed. */
final class CommitLostException extends Exception {
  private final transient TransactionId transaction;
  private final transient Map<Batch, Outcome> known;
  private final SQLException sql;
  private final Session session;

  /**
   * @param known the outcomes of those that the transaction found to be settled before
   * @param session what became of the session
   */
  CommitLostException(
      TransactionId transaction, Map<Batch, Outcome> known, SQLException sql, Session session) {
    super(sql);
    this.transaction = transaction;
    this.known = known;
    this.sql = sql;
    this.session = session;
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

  Session session() {
    return session;
  }
}
