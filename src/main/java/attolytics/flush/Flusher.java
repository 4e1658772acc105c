package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.metrics.Metrics;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settles every batch it is given, each exactly once: commits them together if it can, and else
 * takes them apart until only those are refused that the database refuses. Used by one thread.
 */
final class Flusher {
  private static final Logger log = LoggerFactory.getLogger(Flusher.class);
  private static final long FIRST_BACKOFF = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LAST_BACKOFF = TimeUnit.SECONDS.toNanos(1);

  private final DataSource database;
  private final CopyTransaction transaction;
  private final long ackTimeoutNanos;
  private final Metrics metrics;
  private long backoff = FIRST_BACKOFF;

  Flusher(DataSource database, Duration ackTimeout, Metrics metrics) {
    this.database = database;
    this.transaction = new CopyTransaction(database);
    this.ackTimeoutNanos = ackTimeout.toNanos();
    this.metrics = metrics;
  }

  /** Settles all batches. Takes as long as one of them may still wait for its commit. */
  void flush(List<Batch> batches) {
    Deque<List<Batch>> parts = new ArrayDeque<>();
    parts.push(List.copyOf(batches));
    while (!parts.isEmpty()) {
      List<Batch> part = withoutExpired(parts.pop());
      if (!part.isEmpty()) {
        attempt(part, parts);
      }
    }
  }

  /** Settles the part, or puts what is to be tried next before the other parts. */
  private void attempt(List<Batch> part, Deque<List<Batch>> parts) {
    long start = System.nanoTime();
    try {
      transaction.run(part);
    } catch (CommitLostException e) {
      metrics.flushFailed(Failure.sqlStateClass(e.sql()));
      commitLost(part, e, parts);
      return;
    } catch (FlushException e) {
      metrics.flushFailed(Failure.sqlStateClass(e.sql()));
      Table table = e.table();
      switch (Failure.of(e.sql())) {
        case ROW -> isolate(part, e.sql(), parts);
        case TABLE -> {
          if (table == null) {
            retryLater(part, e.sql(), parts);
          } else {
            tableBroken(part, table, e.sql(), parts);
          }
        }
        case DATABASE -> retryLater(part, e.sql(), parts);
      }
      return;
    } catch (RuntimeException e) {
      log.error("A flush failed for a reason of our own; its requests learn that nobody knows", e);
      part.forEach(batch -> batch.settle(Outcome.UNKNOWN));
      return;
    }
    committed(part, System.nanoTime() - start);
  }

  private void committed(List<Batch> part, long nanos) {
    if (backoff != FIRST_BACKOFF) {
      backoff = FIRST_BACKOFF;
      log.info("The database takes rows again");
    }
    int rows = 0;
    long bytes = 0;
    for (Batch batch : part) {
      rows += batch.rowCount();
      bytes += batch.byteCount();
      for (int run = 0; run < batch.runCount(); run++) {
        metrics.rowsCommitted(batch.runTable(run).name(), batch.runRows(run));
      }
    }
    metrics.flushCommitted(rows, bytes, nanos);
    for (Batch batch : part) {
      batch.settle(Outcome.STORED);
    }
  }

  /** Halves the part until the request stands alone whose row the database will not have. */
  private void isolate(List<Batch> part, SQLException e, Deque<List<Batch>> parts) {
    if (part.size() == 1) {
      part.get(0).settle(refusal(e));
      return;
    }
    int half = part.size() / 2;
    parts.push(part.subList(half, part.size()));
    parts.push(part.subList(0, half));
  }

  private static Outcome refusal(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    boolean conflict = state.equals("23505") || state.equals("23P01");
    return new Outcome(conflict ? Outcome.Kind.CONFLICT : Outcome.Kind.REFUSED, primaryMessage(e));
  }

  /** Without the server's DETAIL and CONTEXT, which may show rows. */
  private static String primaryMessage(SQLException e) {
    ServerErrorMessage server =
        e instanceof PSQLException psql ? psql.getServerErrorMessage() : null;
    String message = server == null ? null : server.getMessage();
    return message == null ? "SQLSTATE " + e.getSQLState() : message;
  }

  private void tableBroken(
      List<Batch> part, Table table, SQLException e, Deque<List<Batch>> parts) {
    log.warn("Table {} takes no rows: {}", table.name(), primaryMessage(e));
    List<Batch> others = new ArrayList<>();
    for (Batch batch : part) {
      if (batch.touches(table)) {
        batch.settle(new Outcome(Outcome.Kind.TABLE_BROKEN, null));
      } else {
        others.add(batch);
      }
    }
    parts.push(others);
  }

  private void retryLater(List<Batch> part, SQLException e, Deque<List<Batch>> parts) {
    if (backoff == FIRST_BACKOFF) {
      log.warn("The database takes no rows, trying again: {}", e.getMessage());
    }
    pause();
    parts.push(part);
  }

  private void pause() {
    LockSupport.parkNanos(backoff);
    backoff = Math.min(2 * backoff, LAST_BACKOFF);
  }

  /** Asks on another connection what became of the COMMIT, as long as a request may wait. */
  private void commitLost(List<Batch> part, CommitLostException lost, Deque<List<Batch>> parts) {
    log.warn(
        "Lost the connection while committing, asking what became of it: {}", lost.getMessage());
    while (true) {
      TransactionId.Fate fate = ask(lost.transaction());
      if (fate == TransactionId.Fate.COMMITTED) {
        committed(part, 0);
        return;
      }
      if (fate == TransactionId.Fate.ABORTED) {
        parts.push(part);
        return;
      }
      if (fate == TransactionId.Fate.UNKNOWN || allExpired(part)) {
        log.error("Nobody can tell whether transaction {} is committed", lost.transaction());
        part.forEach(batch -> batch.settle(Outcome.UNKNOWN));
        return;
      }
      pause();
    }
  }

  /** What became of the transaction; in progress if the database cannot be asked now. */
  private TransactionId.Fate ask(TransactionId transactionId) {
    try (Connection connection = database.getConnection()) {
      TransactionId.Fate fate = transactionId.fate(connection);
      connection.rollback();
      return fate;
    } catch (SQLException e) {
      log.debug("Could not ask for {}: {}", transactionId, e.getMessage());
      // 22023: the id lies in the future of the server that answers.
      return "22023".equals(e.getSQLState())
          ? TransactionId.Fate.UNKNOWN
          : TransactionId.Fate.IN_PROGRESS;
    }
  }

  private List<Batch> withoutExpired(List<Batch> part) {
    long now = System.nanoTime();
    if (part.stream().noneMatch(batch -> expired(batch, now))) {
      return part;
    }
    List<Batch> left = new ArrayList<>();
    for (Batch batch : part) {
      if (expired(batch, now)) {
        batch.settle(Outcome.UNAVAILABLE);
      } else {
        left.add(batch);
      }
    }
    return left;
  }

  private boolean allExpired(List<Batch> part) {
    long now = System.nanoTime();
    return part.stream().allMatch(batch -> expired(batch, now));
  }

  private boolean expired(Batch batch, long now) {
    return now - batch.acceptedNanos() > ackTimeoutNanos;
  }
}
