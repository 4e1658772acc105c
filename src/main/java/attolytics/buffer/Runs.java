package attolytics.buffer;

import attolytics.schema.Table;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which of a batch's rows belong to which table: consecutive rows of one table are a run. Arrays
 * instead of a list of objects, as a batch is used again for other requests without allocation.
 */
final class Runs {
  /** Heap that a run takes. */
  static final int BYTES = 3 * Integer.BYTES + 8;

  private Table[] tables = new Table[1];
  private int[] ends = new int[1]; // offsets behind the last byte
  private int[] rows = new int[1];
  private int[] duplicates = new int[1];
  private int count;
  private int rowCount;

  // Where the last row was that was left out: they come in order, and there may be as many runs.
  private @Nullable Table lastTable;
  private int lastRun;
  private int rowsBefore; // of the table, in the runs before

  int heapBytes() {
    return BYTES * tables.length;
  }

  /** Whether a row of the table would take as much memory again. */
  boolean hasToGrowFor(Table table) {
    return startsRun(table) && count == tables.length;
  }

  private boolean startsRun(Table table) {
    return count == 0 || tables[count - 1] != table;
  }

  /** Adds a row that ends at the offset. */
  void endRow(Table table, int end) {
    rowCount++;
    if (startsRun(table)) {
      start(table);
    }
    rows[count - 1]++;
    ends[count - 1] = end;
  }

  private void start(Table table) {
    if (count == tables.length) {
      tables = Arrays.copyOf(tables, 2 * count);
      ends = Arrays.copyOf(ends, 2 * count);
      rows = Arrays.copyOf(rows, 2 * count);
      duplicates = Arrays.copyOf(duplicates, 2 * count);
    }
    tables[count] = table;
    rows[count] = 0;
    duplicates[count] = 0;
    count++;
  }

  void clear() {
    count = 0;
    rowCount = 0;
    lastTable = null;
  }

  int count() {
    return count;
  }

  int rowCount() {
    return rowCount;
  }

  Table table(int run) {
    return tables[run];
  }

  int rows(int run) {
    return rows[run];
  }

  int start(int run) {
    return run == 0 ? 0 : ends[run - 1];
  }

  int end(int run) {
    return ends[run];
  }

  boolean touches(Table table) {
    for (int run = 0; run < count; run++) {
      if (tables[run] == table) {
        return true;
      }
    }
    return false;
  }

  int rowsOf(Table table) {
    int sum = 0;
    for (int run = 0; run < count; run++) {
      if (tables[run] == table) {
        sum += rows[run];
      }
    }
    return sum;
  }

  /** The place among all rows of one of the table's rows. */
  int eventOf(Table table, int row) {
    int run = runOf(table, row);
    int event = row;
    for (int before = 0; before < run; before++) {
      if (tables[before] != table) {
        event += rows[before];
      }
    }
    return event;
  }

  void leaveOut(Table table, int row) {
    if (table != lastTable || row < rowsBefore) {
      lastTable = table;
      lastRun = 0;
      rowsBefore = 0;
    }
    while (tables[lastRun] != table || row >= rowsBefore + rows[lastRun]) {
      rowsBefore += tables[lastRun] == table ? rows[lastRun] : 0;
      lastRun++;
    }
    duplicates[lastRun]++;
  }

  private int runOf(Table table, int row) {
    int left = row;
    for (int run = 0; run < count; run++) {
      if (tables[run] == table) {
        if (left < rows[run]) {
          return run;
        }
        left -= rows[run];
      }
    }
    throw new IndexOutOfBoundsException("row " + row + " of " + table);
  }

  void resetDuplicates() {
    Arrays.fill(duplicates, 0, count, 0);
    lastTable = null;
  }

  int duplicates(int run) {
    return duplicates[run];
  }

  int duplicates() {
    int sum = 0;
    for (int run = 0; run < count; run++) {
      sum += duplicates[run];
    }
    return sum;
  }

  /** For each row its table. */
  Table[] tablesOfRows() {
    Table[] all = new Table[rowCount];
    int row = 0;
    for (int run = 0; run < count; run++) {
      Arrays.fill(all, row, row + rows[run], tables[run]);
      row += rows[run];
    }
    return all;
  }
}
