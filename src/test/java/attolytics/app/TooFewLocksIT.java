package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Sql;
import attolytics.TestDatabase;
import attolytics.settings.StartException;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server all of whose locks are in use. */
@Timeout(120)
class TooFewLocksIT {
  private static final String SCHEMA =
      """
      tables:
        t:
          columns: [{name: time, type: timestamp, required: true}, {name: s, indexed: true}]
          partition_by: {column: time, interval: day}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  /** All but a few, which is enough to begin. */
  private static void takeAllLocks(Connection hoarder) throws SQLException {
    SQLException e =
        assertThrows(
            SQLException.class,
            () ->
                Sql.execute(
                    hoarder, "SELECT pg_advisory_lock(g) FROM generate_series(1, 9999999) g"));
    assertEquals("53200", e.getSQLState(), e.getMessage());
    Sql.execute(hoarder, "SELECT pg_advisory_unlock(g) FROM generate_series(1, 12) g");
  }

  /** Another attempt would fail, too, and take locks away from other sessions. */
  @Test
  void start_isGivenUpAtOnce_andSaysWhatToRaise() throws Exception {
    try (TestDatabase database = TestDatabase.create();
        Connection hoarder = database.connect()) {
      takeAllLocks(hoarder);

      StartException e =
          assertThrows(
              StartException.class,
              () -> RunningService.start(database, SCHEMA, "--ack_timeout=10m").close());

      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains("out of shared memory; "), message);
      assertTrue(message.contains("max_locks_per_transaction"), message);
    }
  }
}
