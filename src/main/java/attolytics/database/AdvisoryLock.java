package attolytics.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An advisory lock that one transaction of a database can hold at a time. A session-level lock
 * would stay behind on the server connection of a pooler. Instances poll for it instead of waiting
 * in the server, so that they can report who holds it.
 */
public enum AdvisoryLock {
  /** For creating tables and partitions. */
  TABLES(0, "creates tables"),
  /** For a migration, during all of its transactions. */
  MIGRATION(1, "migrates"),
  /** For dropping partitions, during all transactions that it takes. */
  UPKEEP(2, "drops partitions");

  /** An arbitrary number that all instances use: "attolyti" in ASCII. */
  private static final long FIRST_KEY = 0x6174_746f_6c79_7469L;

  private static final Duration POLL = Duration.ofMillis(100);

  /** A session that holds a lock by mistake may have other transactions, too. */
  private static final int MAX_HOLDERS = 20;

  private static final String TRANSACTIONS =
      """
      SELECT string_agg(virtualtransaction, ' ' ORDER BY virtualtransaction)
      FROM pg_catalog.pg_locks
      WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
        AND classid = %d AND objid = %d
      """;

  private static final String HOLDERS =
      """
      SELECT string_agg(
        format('%s (%s, %s since %s)', pid,
          concat_ws(' at ', coalesce(nullif(application_name, ''), 'no application_name'), client_addr),
          coalesce(state, 'state not shown to this user'),
          coalesce(xact_start, state_change, backend_start)::timestamptz(0)), ', ')
      FROM pg_catalog.pg_locks LEFT JOIN pg_catalog.pg_stat_activity USING (pid)
      WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
        AND classid = %d AND objid = %d
      """;

  private final long key;
  private final String purpose;

  AdvisoryLock(int number, String purpose) {
    this.key = FIRST_KEY + number;
    this.purpose = purpose;
  }

  /** The lock's key for {@code pg_advisory_xact_lock}. */
  public long key() {
    return key;
  }

  /**
   * Begins a transaction that only holds the lock, for work in several transactions, or outside of
   * any, on another connection. The transaction has no snapshot, so that it does not delay an index
   * that is built concurrently.
   *
   * @param connection in no transaction; not to be used for anything else while the lock is needed
   * @return whether the lock was acquired; if not, the transaction has ended
   */
  public boolean hold(Connection connection) throws SQLException {
    DdlTransaction.begin(connection);
    boolean acquired = tryAcquire(connection);
    if (acquired) {
      checkHeld(connection);
    } else {
      connection.rollback();
    }
    return acquired;
  }

  /**
   * Checks that the transaction that holds a lock still exists. Uses a SET because a query would
   * take a snapshot that lasts until the next statement, for which an index that is built
   * concurrently would wait.
   */
  public static void checkHeld(Connection connection) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
    }
  }

  /** Acquires the lock until the end of the connection's transaction. */
  public void acquire(Connection connection, Duration timeout) throws SQLException {
    long start = System.nanoTime();
    while (!tryAcquire(connection)) {
      if (System.nanoTime() - start > timeout.toNanos()) {
        throw waitedFor(timeout, connection);
      }
      pause();
    }
  }

  /**
   * Acquires the lock until the end of the connection's transaction, after others that may need it
   * for several transactions, one right after the other.
   *
   * @param timeout for a single transaction that holds it
   * @param progress checked at each attempt
   */
  public void acquire(Connection connection, Duration timeout, Progress progress)
      throws SQLException {
    @Nullable String holder = null;
    int holders = 0;
    long start = System.nanoTime();
    while (!tryAcquire(connection)) {
      progress.check();
      if (System.nanoTime() - start > timeout.toNanos()) {
        String now = queryOfKey(connection, TRANSACTIONS);
        holders++;
        // Both are null if the server does not show who holds it.
        if (holders == MAX_HOLDERS || Objects.equals(holder, now)) {
          throw waitedFor(timeout.multipliedBy(holders), connection);
        }
        holder = now;
        start = System.nanoTime();
      } else if (holder == null) {
        holder = queryOfKey(connection, TRANSACTIONS);
      }
      pause();
    }
  }

  private SQLException waitedFor(Duration timeout, Connection connection) throws SQLException {
    return new SQLException(
        "waited %d s for another session that %s: %s"
            .formatted(timeout.toSeconds(), purpose, holders(connection)),
        DdlTransaction.LOCK_NOT_AVAILABLE);
  }

  /** Describes who holds the lock, and since when, for a message. */
  public String holders(Connection connection) throws SQLException {
    String holders = queryOfKey(connection, HOLDERS);
    return holders == null
        ? "the holder has just ended"
        : "pid " + holders + "; SELECT pg_terminate_backend(pid) ends one that hangs";
  }

  private @Nullable String queryOfKey(Connection connection, String query) throws SQLException {
    String ofKey = query.replace("%d AND", (key >>> 32) + " AND").replace("%d", "" + (int) key);
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(ofKey)) {
      row.next();
      return row.getString(1);
    }
  }

  private boolean tryAcquire(Connection connection) throws SQLException {
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery("SELECT pg_try_advisory_xact_lock(" + key + ")")) {
      row.next();
      return row.getBoolean(1);
    }
  }

  private static void pause() throws SQLException {
    try {
      Thread.sleep(POLL.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("interrupted", e);
    }
  }
}
