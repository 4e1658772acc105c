package attolytics.flush;

import java.sql.SQLException;

/** The connection broke during the COMMIT: the transaction may be committed or not. */
final class CommitLostException extends Exception {
  private final transient TransactionId transaction;
  private final SQLException sql;

  CommitLostException(TransactionId transaction, SQLException sql) {
    super(sql);
    this.transaction = transaction;
    this.sql = sql;
  }

  SQLException sql() {
    return sql;
  }

  TransactionId transaction() {
    return transaction;
  }
}
