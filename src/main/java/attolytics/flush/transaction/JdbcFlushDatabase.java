package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.buffer.NanoClock;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Table;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.postgresql.jdbc.PgConnection;
import org.postgresql.util.PSQLState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** PostgreSQL, by JDBC. One thread begins and uses transactions, one at a time. */
public final class JdbcFlushDatabase implements FlushDatabase {
  private static final Logger log = LoggerFactory.getLogger(JdbcFlushDatabase.class);

  private final HikariDataSource pool;
  private final OutcomeLookup lookup;
  private final KeyClaims keys;
  private final NanoClock clock;
  private final Watchdog watchdog;
  private final TableWriter tableWriter = new TableWriter();

  /**
   * @param idempotencyTtl how long an Idempotency-Key is remembered
   */
  public JdbcFlushDatabase(
      HikariDataSource pool, OutcomeLookup lookup, Duration idempotencyTtl, NanoClock clock) {
    this.pool = pool;
    this.lookup = lookup;
    this.keys = new KeyClaims(idempotencyTtl);
    this.clock = clock;
    this.watchdog = new Watchdog(clock);
  }

  @Override
  public Transaction begin(TimeLimits limits) throws FlushException {
    Connection pooled = null;
    boolean begun = false;
    try {
      pooled = pool.getConnection();
      watchdog.watch(pooled, clock.nanoTime() + limits.totalNanos());
      // Not the pool's proxy: it closes the connection for some SQLSTATEs, even those that a
      // trigger raised, and does not roll back then.
      PgConnection connection = pooled.unwrap(PgConnection.class);
      TransactionId id = TransactionId.begin(connection, limits, lookup);
      Transaction transaction = new JdbcTransaction(pooled, connection, id);
      begun = true;
      return transaction;
    } catch (SQLException e) {
      throw new FlushException(Stage.BEGIN, e);
    } finally {
      if (pooled != null && !begun) {
        release(pooled, false);
      }
    }
  }

  @Override
  public TransactionStatus status(TransactionId transaction, long nanos) {
    try {
      Connection connection = pool.getConnection();
      boolean answered = false;
      try {
        watchdog.watch(connection, clock.nanoTime() + nanos);
        TransactionStatus status = transaction.status(connection);
        connection.rollback();
        answered = true;
        return status;
      } finally {
        release(
            connection,
            answered); // if it did not answer, it is closed: another one may lead to the primary
      }
    } catch (SQLException e) {
      log.debug("Cannot ask for the status of {}: {}", transaction, e.getMessage());
      // The id lies in the future of the server that answers.
      boolean isFuture = PSQLState.INVALID_PARAMETER_VALUE.getState().equals(e.getSQLState());
      return isFuture ? TransactionStatus.UNKNOWN : TransactionStatus.UNDECIDED;
    }
  }

  @Override
  public void abortIfOverdue() {
    watchdog.check();
  }

  @Override
  public void abort() {
    watchdog.abort();
  }

  private void release(Connection pooled, boolean usable) {
    if (watchdog.release() || !usable) {
      pool.evictConnection(pooled);
    }
    try {
      pooled.close();
    } catch (SQLException e) {
      log.debug("Cannot return a connection to the pool", e);
    }
  }

  private final class JdbcTransaction implements Transaction {
    private final Connection pooled;
    private final PgConnection connection;
    private final TransactionId id;
    private List<Batch> claimed = List.of();
    private boolean usable; // for the next transaction

    private JdbcTransaction(Connection pooled, PgConnection connection, TransactionId id) {
      this.pooled = pooled;
      this.connection = connection;
      this.id = id;
    }

    @Override
    public TransactionId id() {
      return id;
    }

    @Override
    public Map<Batch, Outcome> claimKeys(List<Batch> batches) throws FlushException {
      batches.forEach(Batch::resetDuplicates);
      try {
        Map<Batch, Outcome> known = keys.claim(connection, batches);
        claimed = FlushTransaction.without(batches, known);
        return known;
      } catch (SQLException e) {
        throw new FlushException(Stage.KEYS, e);
      }
    }

    @Override
    public LockedKeys findLockedKeys(List<Batch> keyed, long millis) throws FlushException {
      try {
        LockedKeys found = KeyClaims.findLocked(connection, keyed, millis);
        connection.rollback();
        usable = true;
        return found;
      } catch (SQLException e) {
        throw new FlushException(Stage.KEYS, e);
      }
    }

    @Override
    public void copy(Table table, List<Batch> batches) throws FlushException {
      tableWriter.copy(connection, table, batches);
    }

    @Override
    public void insert(Table table, List<Batch> batches) throws FlushException {
      tableWriter.insert(connection, table, batches);
    }

    @Override
    public void commit() throws FlushException {
      try {
        KeyClaims.updateAnswers(connection, claimed);
      } catch (SQLException e) {
        throw new FlushException(Stage.KEYS, e);
      }
      Commit commit = new Commit();
      try {
        commit.run(connection);
        usable = true;
      } catch (SQLException e) {
        throw new FlushException(commit.checked() ? Stage.COMMIT : Stage.CONSTRAINTS, e);
      }
    }

    @Override
    public Session sessionAfterFailure() {
      Session session = session();
      usable = session == Session.WRITABLE;
      return session;
    }

    private Session session() {
      try {
        connection.rollback();
        try (Statement sql = connection.createStatement();
            ResultSet result = sql.executeQuery("SHOW transaction_read_only")) {
          result.next();
          return "off".equals(result.getString(1)) ? Session.WRITABLE : Session.READ_ONLY;
        } finally {
          connection.rollback();
        }
      } catch (SQLException e) {
        log.debug("The session does not answer after a failure", e);
        return Session.LOST;
      }
    }

    @Override
    public void close() {
      release(pooled, usable);
    }
  }
}
