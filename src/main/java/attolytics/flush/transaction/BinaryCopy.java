package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.database.Identifiers;
import attolytics.encoding.CopyBuffer;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Column;
import attolytics.schema.Table;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.stream.Collectors;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;

/**
 * Sends the rows of batches to a table in COPY's binary format. Used by one thread.
 *
 * <pre>
 *   header, 19 bytes                                   rows             trailer
 *   "PGCOPY\\n\\377\\r\\n\\0" | flags 0 | extension 0  ...                -1 (int16)
 * </pre>
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-copy.html">COPY, Binary Format</a>
 */
final class BinaryCopy {
  private static final int CHUNK_BYTES = 64 << 10;

  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xFF, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };
  private static final byte[] TRAILER = {(byte) 0xFF, (byte) 0xFF};

  // Weak, as a reload of the schema file replaces the tables.
  private final Map<Table, String> statements = new WeakHashMap<>();

  // A message to the server costs the driver a system call or two: not one for each batch.
  private final byte[] chunk = new byte[CHUNK_BYTES];
  private int chunkSize;

  private final AsciiRow asciiRow = new AsciiRow();

  /** The number of fields, the length of the first one, and its value: the row's number. */
  private final ByteBuffer rowHead = ByteBuffer.allocate(Short.BYTES + 2 * Integer.BYTES);

  /** How rows are sent. */
  enum Form {
    /** As they are. */
    UNCHANGED,
    /** Each with its number, from 1, as the first field. */
    NUMBERED,
    /** In ASCII; only for the quarantine. */
    ASCII
  }

  /** Copies the rows of the table. */
  void copy(CopyManager copy, Table table, List<Batch> batches, Form form) throws FlushException {
    copy(copy, statement(table), table, batches, form);
  }

  /**
   * Copies the rows of the table into another one, each with its number, from 1, as the first
   * field.
   *
   * @param statement a COPY of a column for the number, and of the table's columns
   */
  void copyNumbered(CopyManager copy, String statement, Table table, List<Batch> batches)
      throws FlushException {
    copy(copy, statement, table, batches, Form.NUMBERED);
  }

  /**
   * Inserts the rows of the table from a temporary table. A distributed table gives only then the
   * reason why it refuses a row: the coordinator passes on no SQLSTATE of a COPY's failure on
   * another node.
   */
  void insert(Connection connection, CopyManager copy, Table table, List<Batch> batches, Form form)
      throws FlushException {
    String temporary = temporary(table);
    try (Statement sql = connection.createStatement()) {
      sql.execute(createTemporary(temporary, table));
      copy(copy, copyInto(temporary, table), table, batches, form);
      // RETURNING keeps Citus from turning it into a COPY.
      sql.execute(
          "INSERT INTO %s (%s) SELECT * FROM %s RETURNING 1"
              .formatted(Identifiers.quote(table), columnNames(table), temporary));
      sql.execute("DROP TABLE " + temporary);
    } catch (SQLException e) {
      throw new FlushException(Stage.INSERT, table, null, Outcome.NO_EVENT, e);
    }
  }

  private String statement(Table table) {
    return statements.computeIfAbsent(table, each -> copyInto(Identifiers.quote(each), each));
  }

  private void copy(CopyManager copy, String statement, Table table, List<Batch> batches, Form form)
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
        writeRows(stream, table, batches, form);
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

  private void writeRows(CopyIn stream, Table table, List<Batch> batches, Form form)
      throws SQLException {
    int number = 1;
    for (Batch batch : batches) {
      switch (form) {
        case UNCHANGED -> writeRuns(stream, table, batch);
        case NUMBERED -> number = writeNumbered(stream, table, batch, number);
        case ASCII -> writeInAscii(stream, table, batch);
      }
    }
  }

  private void writeInAscii(CopyIn stream, Table table, Batch batch) throws SQLException {
    byte[] rows = batch.rows().array();
    for (int run = 0; run < batch.runCount(); run++) {
      if (batch.runTable(run) == table) {
        int end = batch.runEnd(run);
        for (int at = batch.runStart(run); at < end; at += CopyBuffer.rowBytes(rows, at)) {
          CopyBuffer row = asciiRow.of(rows, at);
          write(stream, row.array(), 0, row.size());
        }
      }
    }
  }

  /** Writes each row with its number as the first field; returns the next number. */
  private int writeNumbered(CopyIn stream, Table table, Batch batch, int first)
      throws SQLException {
    byte[] rows = batch.rows().array();
    int number = first;
    for (int run = 0; run < batch.runCount(); run++) {
      if (batch.runTable(run) != table) {
        continue;
      }
      int end = batch.runEnd(run);
      int length;
      for (int at = batch.runStart(run); at < end; at += length) {
        length = CopyBuffer.rowBytes(rows, at);
        int fields = ((rows[at] & 0xFF) << 8 | (rows[at + 1] & 0xFF)) + 1;
        rowHead.putShort(0, (short) fields).putInt(2, Integer.BYTES).putInt(6, number++);
        write(stream, rowHead.array(), 0, rowHead.capacity());
        write(stream, rows, at + Short.BYTES, length - Short.BYTES);
      }
    }
    return number;
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

  /** Copies no rows: the server does not refuse that if it accepts a COPY to the table at all. */
  static void copyNothing(CopyManager copy, Table table) throws SQLException {
    CopyIn stream = copy.copyIn(copyInto(Identifiers.quote(table), table));
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

  /** The name of the temporary table that the table's rows are copied to first. */
  static String temporary(Table table) {
    return "pg_temp." + CopyError.TEMPORARY + table.ordinal();
  }

  private static String createTemporary(String quotedTable, Table table) {
    return "CREATE TABLE " + quotedTable + " (" + columnDefinitions(table) + ")";
  }

  static String columnDefinitions(Table table) {
    return table.columns().stream()
        .map(column -> Identifiers.quote(column.name()) + " " + column.type().sqlName())
        .collect(Collectors.joining(", "));
  }

  static String columnNames(Table table) {
    return table.columns().stream()
        .map(Column::name)
        .map(Identifiers::quote)
        .collect(Collectors.joining(", "));
  }
}
