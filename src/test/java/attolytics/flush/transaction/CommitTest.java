package attolytics.flush.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import org.junit.jupiter.api.Test;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.Query;
import org.postgresql.core.QueryExecutor;
import org.postgresql.core.ResultHandler;

/** What a server, or a pooler before it, may answer to a COMMIT. */
class CommitTest {
  private interface Answer {
    void to(ResultHandler handler) throws SQLException;
  }

  private final Commit commit = new Commit();

  private void run(Answer answer) throws SQLException {
    Query query = Fake.of(Query.class, (self, method, arguments) -> null);
    QueryExecutor executor =
        Fake.of(
            QueryExecutor.class,
            (self, method, arguments) -> {
              if (method.getName().equals("createSimpleQuery")) {
                assertEquals("SET CONSTRAINTS ALL IMMEDIATE;COMMIT", arguments[0]);
                return query;
              }
              assertEquals("execute", method.getName());
              ResultHandler handler = (ResultHandler) arguments[2];
              answer.to(handler);
              handler.handleCompletion();
              return null;
            });
    BaseConnection driver = Fake.of(BaseConnection.class, (self, method, arguments) -> executor);
    commit.run(Fake.of(Connection.class, (self, method, arguments) -> driver));
  }

  private void assertUnknown(Answer answer) {
    SQLException e = assertThrows(SQLException.class, () -> run(answer));
    assertEquals("08007", e.getSQLState());
  }

  @Test
  void commit_countsIfTheServerSaysSo() throws Exception {
    run(
        handler -> {
          handler.handleCommandStatus("SET", 0, 0);
          handler.handleCommandStatus("COMMIT", 0, 0);
        });
    assertTrue(commit.checked());
  }

  @Test
  void anyOtherAnswer_leavesTheOutcomeOpen() {
    assertUnknown(handler -> {});
    assertFalse(commit.checked());
    assertUnknown(handler -> handler.handleCommandStatus("SET", 0, 0));
    assertUnknown(handler -> handler.handleCommandStatus("ROLLBACK", 0, 0));
    assertUnknown(handler -> handler.handleCommandStatus("INSERT", 1, 0));
  }

  /** There was no transaction: another one than that of the rows is committed. */
  @Test
  void warningThatThereWasNoTransaction_leavesTheOutcomeOpen() {
    assertUnknown(
        handler -> {
          handler.handleWarning(new SQLWarning("there is no transaction in progress", "25P01"));
          handler.handleCommandStatus("COMMIT", 0, 0);
        });
  }

  @Test
  void otherWarnings_areOfNoConcern() throws Exception {
    run(
        handler -> {
          handler.handleWarning(new SQLWarning("of a trigger", "01000"));
          handler.handleCommandStatus("COMMIT", 0, 0);
        });
  }

  @Test
  void errorOfTheConstraints_isNoneOfTheCommit() {
    SQLException e =
        assertThrows(
            SQLException.class, () -> run(h -> h.handleError(new SQLException("m", "23505"))));
    assertEquals("23505", e.getSQLState());
    assertFalse(commit.checked());
  }
}
