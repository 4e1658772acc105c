package attolytics.flush.transaction;

import attolytics.database.IdempotencyTable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes expired Idempotency-Keys, in steps small enough not to delay flushes. Several instances
 * may do so at the same time.
 */
public final class KeyPurge implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(KeyPurge.class);
  private static final int STEP = 1_000;
  private static final double CENTURY_SECONDS = 3.2e9;

  /** So that an instance that is frozen meanwhile does not keep its keys locked. */
  private static final TimeLimits LIMITS =
      new TimeLimits(1_000, Duration.ofMinutes(1).toNanos(), Duration.ofMinutes(1).toNanos());

  // Each partition of a table has a row of the same ctid, so that the table counts, too. The ctid
  // alone is a condition of its own, as otherwise the whole table would be read.
  static final String DELETE =
      """
      WITH expired AS MATERIALIZED (
        SELECT tableoid, ctid FROM %s WHERE created < now() - make_interval(secs => ?)
        ORDER BY created LIMIT %d FOR UPDATE SKIP LOCKED
      )
      DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT ctid FROM expired))
        AND (tableoid, ctid) IN (SELECT tableoid, ctid FROM expired)
      """
          .formatted(IdempotencyTable.NAME, STEP, IdempotencyTable.NAME);

  private final DataSource database;
  private final double ttlSeconds;

  /**
   * @param database whose connections do not commit by themselves
   * @param ttl how long a key is remembered
   */
  public KeyPurge(DataSource database, Duration ttl) {
    this.database = database;
    this.ttlSeconds = ttl.toNanos() / 1e9;
  }

  /** Deletes the expired keys. After a failure the rest is left for the next run. */
  @Override
  public void run() {
    try {
      int deleted;
      do {
        deleted = deleteSome();
      } while (deleted == STEP && !Thread.currentThread().isInterrupted());
    } catch (SQLException e) {
      log.debug("Cannot purge Idempotency-Keys: {}", e.getMessage());
    }
  }

  private int deleteSome() throws SQLException {
    try (Connection connection = database.getConnection()) {
      TransactionId.begin(connection, LIMITS, OutcomeLookup.BY_KEY);
      int deleted = delete(connection, ttlSeconds);
      connection.commit();
      return deleted;
    }
  }

  /** Executes the statement of a purge, with no key expired. */
  static void deleteNone(Connection connection) throws SQLException {
    delete(connection, CENTURY_SECONDS);
  }

  private static int delete(Connection connection, double ttlSeconds) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(DELETE)) {
      statement.setDouble(1, ttlSeconds);
      return statement.executeUpdate();
    }
  }
}
