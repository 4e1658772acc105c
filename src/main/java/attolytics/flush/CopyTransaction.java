package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.database.Identifiers;
import attolytics.flush.FailurePolicy.Kind;
import attolytics.flush.FailurePolicy.Session;
import attolytics.flush.FlushException.Stage;
import attolytics.schema.Column;
import attolytics.schema.Table;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.jdbc.PgConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes batches in one transaction: their Idempotency-Keys, then one binary COPY a table. Used by
 * one thread.
 *
 * <pre>
 *   header, 19 bytes                                   rows             trailer
 *   "PGCOPY\\n\\377\\r\\n\\0" | flags 0 | extension 0  ...                -1 (int16)
 * </pre>
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-copy.html">COPY, Binary Format</a>
 */
final class CopyTransaction {
  /**
   * What the database is given.
   *
   * @param lockMillis for each wait for a lock
   * @param statementNanos for each statement, the COMMIT included
   * @param totalNanos for the transaction, before the connection is given up
   */
  record TimeLimits(int lockMillis, long statementNanos, long totalNanos) {}

  private static final Logger log = LoggerFactory.getLogger(CopyTransaction.class);

  private static final int CHUNK_BYTES = 64 << 10;

  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xFF, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };
  private static final byte[] TRAILER = {(byte) 0xFF, (byte) 0xFF};

  private final HikariDataSource database;
  private final KeyClaims keys;
  private final OutcomeLookup lookup;
  private final Watchdog watchdog;
  // Weak, as a reload of the schema file brings tables of its own.
  private final Map<Table, String> copyStatements = new WeakHashMap<>();

  // Each message to the database costs the driver a system call or two: not one a batch.
  private final byte[] chunk = new byte[CHUNK_BYTES];
  private int chunkSize;

  CopyTransaction(
      HikariDataSource database, KeyClaims keys, OutcomeLookup lookup, Watchdog watchdog) {
    this.database = database;
    this.keys = keys;
    this.lookup = lookup;
    this.watchdog = watchdog;
  }

  /**
   * Commits all rows of the batches, or none.
   *
   * @return the outcomes of those batches that were settled by an earlier transaction, their keys
   *     say; all others are stored
   * @throws FlushException if nothing is committed
   * @throws CommitLostException if that cannot be told
   */
  Map<Batch, Outcome> run(List<Batch> batches, TimeLimits limits)
      throws FlushException, CommitLostException {
    return run(batches, limits, false);
  }

  /**
   * Does the same by INSERT, which takes longer. A distributed table says only then why it refuses
   * a row: of a COPY's failure on another machine the coordinator passes on no SQLSTATE.
   */
  Map<Batch, Outcome> runByInsert(List<Batch> batches, TimeLimits limits)
      throws FlushException, CommitLostException {
    return run(batches, limits, true);
  }

  private Map<Batch, Outcome> run(List<Batch> batches, TimeLimits limits, boolean byInsert)
      throws FlushException, CommitLostException {
    return inTransaction(
        limits,
        (connection, id) -> {
          Map<Batch, Outcome> known = claim(connection, batches);
          List<Batch> rest = without(batches, known);
          CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
          // In the order of their names, as every instance does, lest they lock each other out.
          for (Table table : tablesOf(rest)) {
            if (byInsert) {
              insert(connection, copy, table, rest);
            } else {
              copy(copy, copyStatement(table), table, rest);
            }
          }
          commit(connection, id, known);
          return known;
        });
  }

  /** Finds out which of the batches' keys others hold. Nothing is committed. */
  KeyClaims.Sorted sortOutKeys(List<Batch> keyed, TimeLimits limits, long millis)
      throws FlushException, CommitLostException {
    return inTransaction(
        limits,
        (connection, id) -> {
          try {
            KeyClaims.Sorted sorted = KeyClaims.sortOut(connection, keyed, millis);
            connection.rollback();
            return sorted;
          } catch (SQLException e) {
            throw new FlushException(Stage.KEYS, e);
          }
        });
  }

  private interface Steps<T> {
    T run(Connection connection, TransactionId id)
        throws SQLException, FlushException, CommitLostException;
  }

  private <T> T inTransaction(TimeLimits limits, Steps<T> steps)
      throws FlushException, CommitLostException {
    Connection pooled = connect();
    boolean usable = false;
    watchdog.watch(pooled, System.nanoTime() + limits.totalNanos());
    try {
      // Not by the pool's connection, which some SQLSTATEs close, whoever raised them. Nor does the
      // pool roll anything back then.
      Connection connection = pooled.unwrap(PgConnection.class);
      T result = steps.run(connection, TransactionId.begin(connection, limits, lookup));
      usable = true;
      return result;
    } catch (FlushException e) {
      Session session = sessionAfterFailure(pooled);
      usable = session == Session.WRITABLE;
      throw e.after(session);
    } catch (SQLException e) {
      throw new FlushException(Stage.BEGIN, e);
    } finally {
      if (watchdog.free() || !usable) {
        database.evictConnection(pooled);
      }
      giveBack(pooled);
    }
  }

  /** Whether the session answers, and whether a transaction on it could write. */
  private static Session sessionAfterFailure(Connection pooled) {
    try {
      Connection connection = pooled.unwrap(PgConnection.class);
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

  private Connection connect() throws FlushException {
    try {
      return database.getConnection();
    } catch (SQLException e) {
      throw new FlushException(Stage.BEGIN, e);
    }
  }

  /** Trouble here changes nothing any more. */
  private static void giveBack(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      log.debug("Could not give a connection back", e);
    }
  }

  private Map<Batch, Outcome> claim(Connection connection, List<Batch> batches)
      throws FlushException {
    try {
      return keys.claim(connection, batches);
    } catch (SQLException e) {
      throw new FlushException(Stage.KEYS, e);
    }
  }

  private static List<Batch> without(List<Batch> batches, Map<Batch, Outcome> known) {
    return known.isEmpty()
        ? batches
        : batches.stream().filter(batch -> !known.containsKey(batch)).toList();
  }

  private static Iterable<Table> tablesOf(List<Batch> batches) {
    // After a reload of the schema file a table may be there twice, as it was and as it is.
    Set<Table> found = new HashSet<>();
    Table last = null;
    for (Batch batch : batches) {
      for (int run = 0; run < batch.runCount(); run++) {
        Table table = batch.runTable(run);
        if (table != last) {
          found.add(table);
          last = table;
        }
      }
    }
    List<Table> tables = new ArrayList<>(found);
    tables.sort(Comparator.comparing(Table::name));
    return tables;
  }

  private void insert(Connection connection, CopyManager copy, Table table, List<Batch> batches)
      throws FlushException {
    String temporary = "pg_temp.attolytics_rows_" + table.ordinal();
    try (Statement sql = connection.createStatement()) {
      sql.execute(createTemporary(temporary, table));
      copy(copy, copyInto(temporary, table), table, batches);
      // What is to be returned keeps citus from making a COPY of it.
      sql.execute(
          "INSERT INTO %s (%s) SELECT * FROM %s RETURNING 1"
              .formatted(Identifiers.quote(table.name()), columnNames(table), temporary));
      sql.execute("DROP TABLE " + temporary);
    } catch (SQLException e) {
      throw new FlushException(Stage.INSERT, table, null, Outcome.NO_EVENT, e);
    }
  }

  private String copyStatement(Table table) {
    return copyStatements.computeIfAbsent(
        table, each -> copyInto(Identifiers.quote(each.name()), each));
  }

  private void copy(CopyManager copy, String statement, Table table, List<Batch> batches)
      throws FlushException {
    CopyIn stream;
    try {
      stream = copy.copyIn(statement);
    } catch (SQLException e) {
      throw new FlushException(Stage.COPY_START, table, null, Outcome.NO_EVENT, e);
    }
    chunkSize = 0;
    try {
      try {
        write(stream, HEADER, 0, HEADER.length);
        for (Batch batch : batches) {
          writeRuns(stream, table, batch);
        }
        write(stream, TRAILER, 0, TRAILER.length);
        writeChunk(stream);
        stream.endCopy();
      } finally {
        if (stream.isActive()) {
          stream.cancelCopy();
        }
      }
    } catch (SQLException e) {
      throw CopyError.locate(e, table, batches);
    }
  }

  private void writeRuns(CopyIn stream, Table table, Batch batch) throws SQLException {
    for (int run = 0; run < batch.runCount(); run++) {
      if (batch.runTable(run) == table) {
        int start = batch.runStart(run);
        write(stream, batch.rows().array(), start, batch.runEnd(run) - start);
      }
    }
  }

  private void write(CopyIn stream, byte[] bytes, int from, int length) throws SQLException {
    if (length > chunk.length - chunkSize) {
      writeChunk(stream);
    }
    if (length > chunk.length) {
      stream.writeToCopy(bytes, from, length);
    } else {
      System.arraycopy(bytes, from, chunk, chunkSize, length);
      chunkSize += length;
    }
  }

  private void writeChunk(CopyIn stream) throws SQLException {
    if (chunkSize > 0) {
      stream.writeToCopy(chunk, 0, chunkSize);
      chunkSize = 0;
    }
  }

  private static void commit(Connection connection, TransactionId id, Map<Batch, Outcome> known)
      throws FlushException, CommitLostException {
    Commit commit = new Commit();
    try {
      commit.run(connection);
    } catch (SQLException e) {
      Session session = sessionAfterFailure(connection);
      // What the server itself refuses is certain. Other errors may be a proxy's, that has lost the
      // server and knows no more than we do.
      if (session == Session.LOST || !isServers(e)) {
        throw new CommitLostException(id, known, e, session);
      }
      throw new FlushException(commit.checked() ? Stage.COMMIT : Stage.CONSTRAINTS, e);
    }
  }

  private static boolean isServers(SQLException e) {
    return CopyError.hasContext(e)
        || CopyError.isRefusal(e)
        || Kind.of(e.getSQLState(), CopyError.hasContext(e)) != Kind.TRANSIENT;
  }

  /** A COPY of no rows, which the server does not refuse if it takes such a COPY at all. */
  static void copyNothing(CopyManager copy, Table table) throws SQLException {
    CopyIn stream = copy.copyIn(copyInto(Identifiers.quote(table.name()), table));
    try {
      stream.writeToCopy(HEADER, 0, HEADER.length);
      stream.writeToCopy(TRAILER, 0, TRAILER.length);
      stream.endCopy();
    } finally {
      if (stream.isActive()) {
        stream.cancelCopy();
      }
    }
  }

  private static String copyInto(String quotedTable, Table table) {
    return "COPY " + quotedTable + " (" + columnNames(table) + ") FROM STDIN (FORMAT binary)";
  }

  private static String createTemporary(String quotedTable, Table table) {
    return table.columns().stream()
        .map(column -> Identifiers.quote(column.name()) + " " + column.type().sqlName())
        .collect(Collectors.joining(", ", "CREATE TABLE " + quotedTable + " (", ")"));
  }

  private static String columnNames(Table table) {
    return table.columns().stream()
        .map(Column::name)
        .map(Identifiers::quote)
        .collect(Collectors.joining(", "));
  }
}
