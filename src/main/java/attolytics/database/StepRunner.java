package attolytics.database;

import attolytics.database.Migration.Step;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/** Runs the steps of a migration. */
public final class StepRunner {
  private StepRunner() {}

  /**
   * Runs a step of a migration, either all of its statements or none. The connection must not be in
   * a transaction. Waits for other instances that create tables.
   *
   * @param lockWait for the other instances and for each lock; for a concurrent step the session's
   *     setting applies
   * @throws SQLException if a statement is refused; the message begins with it
   */
  public static void run(Connection connection, Step step, Duration lockWait) throws SQLException {
    if (step.concurrent()) {
      try (Statement sql = connection.createStatement()) {
        DdlTransaction.execute(sql, step.statements().get(0));
      }
      return;
    }
    DdlTransaction.run(
        connection,
        done -> true,
        () -> {
          AdvisoryLock.TABLES.acquire(connection, lockWait);
          runInTransaction(connection, step, lockWait);
          return step;
        });
  }

  /** Runs a step's statements in the transaction that is open. */
  public static void runInTransaction(Connection connection, Step step, Duration lockWait)
      throws SQLException {
    try (Statement sql = connection.createStatement()) {
      DdlTransaction.limitLockWait(sql, lockWait);
      for (String statement : step.statements()) {
        DdlTransaction.execute(sql, statement);
      }
    }
  }
}
