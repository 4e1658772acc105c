package attolytics.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/**
 * A lock that one transaction of a database can have at a time, and that ends with it: a session's
 * would stay behind on the connection that a pooler has lent. Nobody waits for one in the server,
 * where only a timeout would end it, and without a word about who holds it.
 */
public enum AdvisoryLock {
  /** Of whoever creates tables or partitions. */
  TABLES(0, "creates tables"),
  /** Of a migration, with all of its transactions. */
  MIGRATION(1, "migrates"),
  /** Of whoever drops partitions, with all of his transactions. */
  UPKEEP(2, "drops partitions");

  /** Any number will do if every instance has the same: "attolyti" in ASCII. */
  private static final long FIRST_KEY = 0x6174_746f_6c79_7469L;

  private static final Duration POLL = Duration.ofMillis(100);

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

  /** The lock's number, as {@code pg_advisory_xact_lock} takes it. */
  public long key() {
    return key;
  }

  /**
   * Begins a transaction that does nothing but have the lock, until it ends: for work that is
   * itself in several transactions, or in none, on another connection. It has no snapshot, so that
   * an index can be built concurrently beside it.
   *
   * @param connection in no transaction; of no other use while the lock is needed
   * @return whether the lock was free; if not, the transaction is over
   */
  public boolean hold(Connection connection) throws SQLException {
    DdlTransaction.begin(connection);
    boolean free = tryTake(connection);
    if (free) {
      keep(connection);
    } else {
      connection.rollback();
    }
    return free;
  }

  /**
   * Makes sure that the transaction that holds a lock is still there. Afterwards it has no
   * snapshot, which a query would have until the next statement, and which would keep an index that
   * is built concurrently waiting.
   */
  public static void keep(Connection connection) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      sql.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
    }
  }

  /** Waits for the lock, which ends with the connection's transaction. */
  public void take(Connection connection, Duration patience) throws SQLException {
    long start = System.nanoTime();
    while (!tryTake(connection)) {
      if (System.nanoTime() - start > patience.toNanos()) {
        throw new SQLException(
            "waited %d s for another session that %s: %s"
                .formatted(patience.toSeconds(), purpose, holders(connection)),
            DdlTransaction.LOCK_NOT_AVAILABLE);
      }
      pause();
    }
  }

  /** Who has the lock: the server's pid, application_name, and since when. For people to read. */
  public String holders(Connection connection) throws SQLException {
    String query = HOLDERS.replace("%d AND", (key >>> 32) + " AND").replace("%d", "" + (int) key);
    try (Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(query)) {
      row.next();
      String holders = row.getString(1);
      return holders == null
          ? "it has just ended"
          : "pid " + holders + "; SELECT pg_terminate_backend(pid) ends one that hangs";
    }
  }

  private boolean tryTake(Connection connection) throws SQLException {
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
