package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.schema.Column;
import attolytics.schema.Identifiers;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes batches in one transaction, with one binary COPY a table. Used by one thread.
 *
 * <pre>
 *   header, 19 bytes                                   rows             trailer
 *   "PGCOPY\\n\\377\\r\\n\\0" | flags 0 | extension 0  ...                -1 (int16)
 * </pre>
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-copy.html">COPY, Binary Format</a>
 */
final class CopyTransaction {
  private static final Logger log = LoggerFactory.getLogger(CopyTransaction.class);

  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xFF, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };
  private static final byte[] TRAILER = {(byte) 0xFF, (byte) 0xFF};

  private final DataSource database;
  private final Map<Table, String> copyStatements = new HashMap<>();

  CopyTransaction(DataSource database) {
    this.database = database;
  }

  /**
   * Commits all rows of the batches, or none.
   *
   * @throws FlushException if nothing is committed
   * @throws CommitLostException if that cannot be told
   */
  void run(List<Batch> batches) throws FlushException, CommitLostException {
    Connection connection = connect();
    try {
      TransactionId id = TransactionId.current(connection);
      CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
      // In the order of the schema, as every instance does, lest they lock each other out.
      for (Table table : tablesOf(batches)) {
        copy(copy, table, batches);
      }
      commit(connection, id);
    } catch (SQLException e) {
      throw new FlushException(null, e);
    } finally {
      giveBack(connection);
    }
  }

  private Connection connect() throws FlushException {
    try {
      return database.getConnection();
    } catch (SQLException e) {
      throw new FlushException(null, e);
    }
  }

  /** Rolls back what is not committed. Trouble here changes nothing any more. */
  private static void giveBack(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      log.debug("Could not give a connection back", e);
    }
  }

  private static Iterable<Table> tablesOf(List<Batch> batches) {
    TreeMap<Integer, Table> tables = new TreeMap<>();
    Table last = null;
    for (Batch batch : batches) {
      for (int run = 0; run < batch.runCount(); run++) {
        Table table = batch.runTable(run);
        if (table != last) {
          tables.put(table.ordinal(), table);
          last = table;
        }
      }
    }
    return tables.values();
  }

  private void copy(CopyManager copy, Table table, List<Batch> batches) throws FlushException {
    try {
      CopyIn stream =
          copy.copyIn(copyStatements.computeIfAbsent(table, CopyTransaction::statement));
      try {
        stream.writeToCopy(HEADER, 0, HEADER.length);
        for (Batch batch : batches) {
          writeRuns(stream, table, batch);
        }
        stream.writeToCopy(TRAILER, 0, TRAILER.length);
        stream.endCopy();
      } finally {
        if (stream.isActive()) {
          stream.cancelCopy();
        }
      }
    } catch (SQLException e) {
      throw new FlushException(table, e);
    }
  }

  private static void writeRuns(CopyIn stream, Table table, Batch batch) throws SQLException {
    for (int run = 0; run < batch.runCount(); run++) {
      if (batch.runTable(run) == table) {
        int start = batch.runStart(run);
        stream.writeToCopy(batch.rows().array(), start, batch.runEnd(run) - start);
      }
    }
  }

  private static void commit(Connection connection, TransactionId id)
      throws FlushException, CommitLostException {
    try {
      connection.commit();
    } catch (SQLException e) {
      // A deferred constraint or trigger may refuse at the COMMIT: that much is certain.
      if (Failure.of(e) == Failure.DATABASE) {
        throw new CommitLostException(id, e);
      }
      throw new FlushException(null, e);
    }
  }

  private static String statement(Table table) {
    return "COPY "
        + Identifiers.quote(table.name())
        + table.columns().stream()
            .map(Column::name)
            .map(Identifiers::quote)
            .collect(Collectors.joining(", ", " (", ")"))
        + " FROM STDIN (FORMAT binary)";
  }
}
