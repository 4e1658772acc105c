package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.TestDatabase;
import attolytics.app.RunningService;
import attolytics.flush.transaction.Commit;
import attolytics.flush.transaction.CopyError;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Only a COMMIT that the server calls one has committed anything. */
@Timeout(300)
class CommitIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: id, type: i64}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  private static final String UNKNOWN = "08007";

  private TestDatabase database;
  private Connection connection;

  @BeforeEach
  void open() throws SQLException {
    database = TestDatabase.create();
    connection = database.connect();
    connection.setAutoCommit(false);
    execute("CREATE TABLE seen (id INT)");
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
    database.close();
  }

  @Test
  void run_openTransaction_commits() throws SQLException {
    new Commit().run(connection);
    connection.rollback();
    execute("SELECT * FROM seen");
  }

  @Test
  void run_failedTransaction_isRefusedBeforeTheCommit() {
    assertThrows(SQLException.class, () -> execute("SELECT * FROM nothing"));
    Commit commit = new Commit();
    SQLException e = assertThrows(SQLException.class, () -> commit.run(connection));
    assertEquals("25P02", e.getSQLState());
    assertFalse(commit.checked());
    assertTrue(CopyError.isRefusal(e));
  }

  @Test
  void run_deferredConstraint_isRefusedBeforeTheCommit() throws SQLException {
    execute("CREATE TABLE once (id INT UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    execute("INSERT INTO once VALUES (1), (1)");
    Commit commit = new Commit();
    SQLException e = assertThrows(SQLException.class, () -> commit.run(connection));
    assertEquals("23505", e.getSQLState());
    assertFalse(commit.checked());
  }

  /** As if what came before had gone to another server, and was committed there or not. */
  @Test
  void run_noTransaction_isUnknown() throws SQLException {
    new Commit().run(connection);
    assertUnknown("SET CONSTRAINTS can only be used in transaction blocks");
  }

  /** What a pooler does that passes names of statements through: COMMIT is somebody's SELECT. */
  @Test
  void post_commitIsAnotherStatement_isNotBelieved() throws Exception {
    try (TestDatabase own = TestDatabase.create();
        DatabaseProxy proxy = new DatabaseProxy(own);
        RunningService service = RunningService.startAt(proxy.url(), own, SCHEMA)) {
      proxy.falsifyNext("COMMIT\0", "SELECT\0");
      assertEquals(200, service.post("{\"_t\":\"t\",\"id\":1}").statusCode());
      assertTrue(proxy.hasFalsified());
      assertEquals("1", service.query("SELECT count(*) FROM t"));
    }
  }

  private void assertUnknown(String message) {
    SQLException e = assertThrows(SQLException.class, () -> new Commit().run(connection));
    assertEquals(UNKNOWN, e.getSQLState());
    assertEquals(message, e.getMessage());
  }

  private void execute(String statement) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.execute(statement);
    }
  }
}
