package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.database.ServerEncoding;
import attolytics.flush.transaction.BinaryCopy.Form;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Quarantine;
import attolytics.schema.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** Writes the rows of a table: with deduplication, if it has {@code deduplicate_by}. One thread. */
final class TableWriter {
  private final BinaryCopy binaryCopy = new BinaryCopy();
  private final Deduplication deduplication = new Deduplication(binaryCopy);

  /** Writes the rows by COPY, if they can be written by it. */
  void copy(Connection connection, Table table, List<Batch> batches) throws FlushException {
    CopyManager copy = copyManager(connection, table);
    if (table.deduplicateBy().isEmpty()) {
      binaryCopy.copy(copy, table, batches, form(connection, table));
    } else {
      deduplication.write(connection, copy, table, batches);
    }
  }

  /** Writes the rows by INSERT, which is slower and whose errors say more. */
  void insert(Connection connection, Table table, List<Batch> batches) throws FlushException {
    CopyManager copy = copyManager(connection, table);
    if (table.deduplicateBy().isEmpty()) {
      binaryCopy.insert(connection, copy, table, batches, form(connection, table));
    } else {
      deduplication.merge(connection, copy, table, batches);
    }
  }

  private static Form form(Connection connection, Table table) throws FlushException {
    try {
      return table == Quarantine.TABLE && !ServerEncoding.hasEveryCharacter(connection)
          ? Form.ASCII
          : Form.UNCHANGED;
    } catch (SQLException e) {
      throw new FlushException(Stage.COPY_START, table, null, Outcome.NO_EVENT, e);
    }
  }

  private static CopyManager copyManager(Connection connection, Table table) throws FlushException {
    try {
      return connection.unwrap(PGConnection.class).getCopyAPI();
    } catch (SQLException e) {
      throw new FlushException(Stage.COPY_START, table, null, Outcome.NO_EVENT, e);
    }
  }
}
