package attolytics.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import attolytics.settings.DatabaseUrl;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DdlTransactionIT extends EmptySchemaFixture {
  @Test
  void error_rollsBack() throws Exception {
    OutOfMemoryError error =
        assertThrows(
            OutOfMemoryError.class,
            () ->
                DdlTransaction.run(
                    connection,
                    result -> true,
                    () -> {
                      sql("CREATE TABLE half_done (x int)");
                      throw new OutOfMemoryError("simulated");
                    }));
    assertEquals("simulated", error.getMessage());
    assertEquals(List.of("null"), query("SELECT to_regclass('half_done')"));
  }

  /** Else the driver would close the connection before the server says what it waited for. */
  @Test
  void waitForALock_mayBeLongerThanTheAckTimeout() throws Exception {
    sql("CREATE TABLE t (x int)");
    connection.setAutoCommit(false);
    sql("LOCK TABLE t");
    String url = database.url() + (database.url().contains("?") ? "&" : "?") + "loginTimeout=60";
    try (Connection other = Connector.connect(DatabaseUrl.parse(url), Duration.ofMillis(10));
        Statement statement = other.createStatement()) {
      SQLException e =
          assertThrows(
              SQLException.class,
              () ->
                  DdlTransaction.run(
                      other,
                      result -> true,
                      () -> {
                        DdlTransaction.limitLockWait(statement, DdlTransaction.LOCK_WAIT);
                        return statement.execute("ALTER TABLE t ADD y int");
                      }));
      assertEquals(DdlTransaction.LOCK_NOT_AVAILABLE, e.getSQLState());
    }
  }
}
