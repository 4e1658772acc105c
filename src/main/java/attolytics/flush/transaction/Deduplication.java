package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.database.Identifiers;
import attolytics.flush.transaction.BinaryCopy.Form;
import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Column;
import attolytics.schema.Table;
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
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.copy.CopyManager;

/**
 * Writes rows of tables with {@code deduplicate_by}, but for those whose values the table has
 * already. The table's unique index makes that exact, whatever other transactions do.
 *
 * <pre>
 *   COPY ──► stored
 *     │
 *     └─► 23505, or a lock: rolled back to a savepoint, then
 *           COPY into a temporary table ──► INSERT … SELECT … ON CONFLICT DO NOTHING
 * </pre>
 *
 * A COPY costs about a third of that, but fails with the first row that repeats. A table whose rows
 * do repeat is written in the second way at once, for more and more flushes until a COPY is tried
 * again. Used by one thread.
 */
final class Deduplication {
  private static final String UNIQUE_VIOLATION = "23505";
  private static final String HIDDEN_BY_CITUS = "XX000";

  /** A row is locked by a transaction that has not ended, or two such wait for each other. */
  private static final Set<String> LOCKED = Set.of("55P03", "40P01");

  // Rows come in any order here: two COPYs may wait for each other, and one has to give way soon.
  private static final String BEFORE_COPY =
      "SHOW lock_timeout; SAVEPOINT attolytics_copy; SET LOCAL lock_timeout = '50ms'";
  private static final String AFTER_COPY =
      "RELEASE SAVEPOINT attolytics_copy; SET LOCAL lock_timeout = '%s'";
  private static final String UNDO_COPY =
      "ROLLBACK TO SAVEPOINT attolytics_copy; RELEASE SAVEPOINT attolytics_copy";

  /** After so many flushes, at most, a COPY is tried again. */
  private static final int MAX_MERGES = 64;

  /** How long the search for a row may take while other requests wait for it. */
  private static final long MAX_SEARCH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final BinaryCopy binaryCopy;

  // Weak, as a reload of the schema file replaces the tables.
  private final Map<Table, Repeats> repeats = new WeakHashMap<>();

  Deduplication(BinaryCopy binaryCopy) {
    this.binaryCopy = binaryCopy;
  }

  /** How often rows of a table have repeated of late. */
  private static final class Repeats {
    private int merges; // until a COPY is tried again, when rows have repeated last
    private int mergesLeft;

    boolean expected() {
      return mergesLeft > 0;
    }

    void copied() {
      merges /= 2;
    }

    void found() {
      merges = Math.min(Math.max(1, 2 * merges), MAX_MERGES);
      mergesLeft = merges;
    }
  }

  /** Writes the rows in the way that is expected to be the faster one. */
  void write(Connection connection, CopyManager copy, Table table, List<Batch> batches)
      throws FlushException {
    Repeats seen = repeats.computeIfAbsent(table, each -> new Repeats());
    if (seen.expected()) {
      seen.mergesLeft--;
      merge(connection, copy, table, batches);
    } else if (tryCopy(connection, copy, table, batches)) {
      seen.copied();
    } else if (merge(connection, copy, table, batches) > 0) {
      seen.found();
    }
  }

  /** Whether the rows are written; if not, one may be there already, and nothing is changed. */
  private boolean tryCopy(Connection connection, CopyManager copy, Table table, List<Batch> batches)
      throws FlushException {
    try (Statement sql = connection.createStatement()) {
      String lockTimeout = showFirst(sql, BEFORE_COPY);
      try {
        binaryCopy.copy(copy, table, batches, Form.UNCHANGED);
      } catch (FlushException e) {
        if (!mayBeRepeat(e, table)) {
          throw e;
        }
        sql.execute(UNDO_COPY);
        return false;
      }
      sql.execute(AFTER_COPY.formatted(lockTimeout));
      return true;
    } catch (SQLException e) {
      throw new FlushException(Stage.COPY_START, table, null, Outcome.NO_EVENT, e);
    }
  }

  private static String showFirst(Statement sql, String statements) throws SQLException {
    sql.execute(statements);
    try (ResultSet shown = sql.getResultSet()) {
      shown.next();
      return shown.getString(1);
    }
  }

  private static boolean mayBeRepeat(FlushException e, Table table) {
    String state = String.valueOf(e.sql().getSQLState());
    return state.equals(UNIQUE_VIOLATION)
        || LOCKED.contains(state)
        || (state.equals(HIDDEN_BY_CITUS) && table.distributeBy() != null);
  }

  /**
   * Writes the rows by way of a temporary table, and counts in their batches those that are left
   * out.
   *
   * @return how many that are
   */
  int merge(Connection connection, CopyManager copy, Table table, List<Batch> batches)
      throws FlushException {
    Merge merge = new Merge(table);
    int rows = rowsOf(batches, table);
    try (Statement sql = connection.createStatement()) {
      prepare(sql, copy, merge);
      binaryCopy.copyNumbered(copy, merge.copy(), table, batches);
      sql.execute("SAVEPOINT attolytics_insert");
      Set<List<String>> stored;
      long start = System.nanoTime();
      try {
        stored = keys(sql, merge.insert(rows));
      } catch (SQLException e) {
        throw locate(sql, merge, e, batches, System.nanoTime() - start);
      }
      int leftOut = rows - stored.size();
      if (leftOut > 0) {
        countLeftOut(sql, merge, stored, batches);
      }
      sql.execute("RELEASE SAVEPOINT attolytics_insert; DROP TABLE " + merge.temporary());
      return leftOut;
    } catch (SQLException e) {
      throw new FlushException(Stage.INSERT, table, null, Outcome.NO_EVENT, e);
    }
  }

  private static int rowsOf(List<Batch> batches, Table table) {
    return batches.stream().mapToInt(batch -> batch.rowsOf(table)).sum();
  }

  /** The COPY is for its error, if the table takes no rows at all, or is locked. */
  private static void prepare(Statement sql, CopyManager copy, Merge merge) throws FlushException {
    try {
      BinaryCopy.copyNothing(copy, merge.table());
      sql.execute(merge.createTemporary());
    } catch (SQLException e) {
      throw new FlushException(Stage.COPY_START, merge.table(), null, Outcome.NO_EVENT, e);
    }
  }

  /** Of rows with the same key, the first one is stored. */
  private static void countLeftOut(
      Statement sql, Merge merge, Set<List<String>> stored, List<Batch> batches)
      throws SQLException {
    try (ResultSet given = sql.executeQuery(merge.keysGiven())) {
      for (Batch batch : batches) {
        int rows = batch.rowsOf(merge.table());
        for (int row = 0; row < rows && given.next(); row++) {
          if (!stored.remove(key(given))) {
            batch.leaveOut(merge.table(), row);
          }
        }
      }
    }
  }

  private static Set<List<String>> keys(Statement sql, String query) throws SQLException {
    Set<List<String>> keys = new HashSet<>();
    try (ResultSet result = sql.executeQuery(query)) {
      while (result.next()) {
        keys.add(key(result));
      }
    }
    return keys;
  }

  private static List<String> key(ResultSet row) throws SQLException {
    int columns = row.getMetaData().getColumnCount();
    List<String> key = new ArrayList<>(columns);
    for (int column = 1; column <= columns; column++) {
      key.add(row.getString(column));
    }
    return key;
  }

  /**
   * Finds the row that the INSERT was refused for, whose error does not tell its number: by halves,
   * as the first n rows are refused if and only if it is among them. The error is then that of the
   * INSERT that ends with it: others may have met another row first, as they go by the keys.
   *
   * @param insertNanos how long the INSERT took
   */
  private static FlushException locate(
      Statement sql, Merge merge, SQLException e, List<Batch> batches, long insertNanos) {
    FlushException unlocated =
        new FlushException(Stage.INSERT, merge.table(), null, Outcome.NO_EVENT, e);
    if (!isForRow(e)) {
      return unlocated;
    }
    try {
      long end = System.nanoTime() + MAX_SEARCH_NANOS;
      int accepted = 0;
      int refused = rowsOf(batches, merge.table());
      SQLException refusal = e;
      while (refused - accepted > 1) {
        if (batches.size() > 1 && System.nanoTime() + insertNanos - end > 0) {
          return unlocated; // the requests are tried separately
        }
        int middle = (accepted + refused) >>> 1;
        SQLException found = refusalOf(sql, merge, middle);
        if (found == null) {
          accepted = middle;
        } else {
          refused = middle;
          refusal = found;
        }
      }
      return CopyError.at(refused, Stage.INSERT, refusal, merge.table(), batches);
    } catch (SQLException other) {
      return unlocated;
    }
  }

  /** Why the first rows are refused, or null if they are not. */
  private static @Nullable SQLException refusalOf(Statement sql, Merge merge, int rows)
      throws SQLException {
    sql.execute("ROLLBACK TO SAVEPOINT attolytics_insert");
    try {
      sql.execute(merge.insert(rows));
      return null;
    } catch (SQLException e) {
      if (!isForRow(e)) {
        throw e;
      }
      return e;
    }
  }

  private static boolean isForRow(SQLException e) {
    return Kind.of(e.getSQLState(), CopyError.hasContext(e)) == Kind.ROW;
  }

  /** The SQL of the second way. */
  private record Merge(Table table) {
    String temporary() {
      return BinaryCopy.temporary(table);
    }

    /** The name of the column of the row's number, which no column of the table has. */
    private String number() {
      String name = "attolytics_row";
      while (table.column(name) != null) {
        name += "_";
      }
      return name;
    }

    String createTemporary() {
      return "CREATE TEMPORARY TABLE %s (%s INT4, %s) ON COMMIT DROP"
          .formatted(temporary(), number(), BinaryCopy.columnDefinitions(table));
    }

    String copy() {
      return "COPY %s (%s, %s) FROM STDIN (FORMAT binary)"
          .formatted(temporary(), number(), BinaryCopy.columnNames(table));
    }

    /**
     * Inserts the first rows, and returns the keys of those that are stored. In the order of the
     * keys, so that two transactions do not wait for each other, and of rows with one key the first
     * one is stored.
     */
    String insert(int rows) {
      return ("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s <= %d ORDER BY %s, %s"
              + " ON CONFLICT (%s) DO NOTHING RETURNING %s")
          .formatted(
              Identifiers.quote(table),
              BinaryCopy.columnNames(table),
              BinaryCopy.columnNames(table),
              temporary(),
              number(),
              rows,
              keyNames(""),
              number(),
              keyNames(""),
              keyNames("::text"));
    }

    /** The keys of all rows, in the order of their numbers. */
    String keysGiven() {
      return "SELECT %s FROM %s ORDER BY %s".formatted(keyNames("::text"), temporary(), number());
    }

    /** By name: whatever their order in the schema file of one instance or another. */
    private String keyNames(String suffix) {
      return table.deduplicateBy().stream()
          .map(Column::name)
          .sorted(Comparator.naturalOrder())
          .map(name -> Identifiers.quote(name) + suffix)
          .collect(Collectors.joining(", "));
    }
  }
}
