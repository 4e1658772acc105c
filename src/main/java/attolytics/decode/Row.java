package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.schema.Column;
import attolytics.schema.DefaultValue;
import attolytics.schema.Table;

/**
 * The row of the current event, at the end of the batch. Fields are written as they are read. As
 * long as they come in the order of the columns, absent ones are filled in on the way; one that
 * comes later is written behind the others, and all are sorted at the end:
 *
 * <pre>
 *   starts[]          0         2         1
 *   +-------+---------+---------+---------+
 *   | count | field 0 | field 2 | field 1 |    filled = 3, not in order
 *   +-------+---------+---------+---------+
 * </pre>
 *
 * <p>A field that is given twice has the value that was written last. Not thread-safe.
 */
final class Row {
  // The state of each column. Bytes, as storing a reference costs more.
  static final byte ABSENT = 0;
  static final byte NULL = 1;
  static final byte VALUE = 2;
  static final byte INVALID = 3;

  private final Table table;
  private final Column[] columns;
  private final CurrentRequest request;

  private int rowStart;
  private boolean inOrder;
  private int filled; // the number of leading columns that have their field in the row
  private final byte[] states;
  private final int[] starts;

  /**
   * @param columns all of the table's
   */
  Row(Table table, Column[] columns, CurrentRequest request) {
    this.table = table;
    this.columns = columns;
    this.request = request;
    states = new byte[columns.length];
    starts = new int[columns.length];
  }

  /** Starts the row of an event. */
  void start() {
    inOrder = true;
    filled = 0;
    rowStart = request.rows().size();
    request.rows().putShort(columns.length);
  }

  /** Where the fields are written. */
  CopyBuffer fields() {
    return request.rows();
  }

  /** Whether the event has had a field of the column, be it null. */
  boolean isGiven(int ordinal) {
    return ordinal < filled && states[ordinal] != ABSENT;
  }

  /** The state of a column that has its field in the row. */
  byte state(int ordinal) {
    return states[ordinal];
  }

  void setState(int ordinal, byte state) {
    states[ordinal] = state;
  }

  /** The offset of a column's field in {@link #fields}. */
  int start(int ordinal) {
    return starts[ordinal];
  }

  /** Starts the field of a column. The caller writes it. */
  void startField(int ordinal) {
    if (ordinal < filled) {
      inOrder = false;
    } else {
      fillUpTo(ordinal);
      filled = ordinal + 1;
    }
    starts[ordinal] = request.rows().size();
  }

  /** Writes the default of a column or NULL, as the field that was started. */
  void putDefault(Column column) {
    DefaultValue value = column.defaultValue();
    if (value == null) {
      request.rows().putNull();
      states[column.ordinal()] = NULL;
    } else {
      value.put(request.rows());
      states[column.ordinal()] = VALUE;
    }
  }

  /** Writes the fields of the columns before {@code end} that the event has not had. */
  void fillUpTo(int end) {
    CopyBuffer rows = request.rows();
    for (; filled < end; filled++) {
      starts[filled] = rows.size();
      if (columns[filled].isFromRequest()) {
        request.fields().put(columns[filled], rows);
      } else {
        putDefault(columns[filled]);
      }
      states[filled] = ABSENT;
    }
  }

  /** Discards the row. */
  void abandon() {
    request.rows().truncate(rowStart);
  }

  /** Completes the row, in which all columns have their field. */
  void end() {
    if (!inOrder) {
      sortFields();
    }
    request.batch().endRow(table);
  }

  private void sortFields() {
    CopyBuffer rows = request.rows();
    int length = rows.size() - rowStart;
    byte[] scratch = request.scratch().atLeast(length);
    System.arraycopy(rows.array(), rowStart, scratch, 0, length);
    rows.truncate(rowStart + Short.BYTES);
    for (int start : starts) {
      int from = start - rowStart;
      rows.put(scratch, from, CopyBuffer.fieldBytes(scratch, from));
    }
  }
}
