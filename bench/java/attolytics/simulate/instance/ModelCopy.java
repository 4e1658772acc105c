package attolytics.simulate.instance;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Quarantine;
import attolytics.schema.Table;
import attolytics.simulate.plan.Fault.Point;
import attolytics.simulate.server.Backend;
import attolytics.simulate.workload.Attempt;
import attolytics.simulate.workload.ModelTable;
import attolytics.simulate.workload.Row;
import attolytics.simulate.workload.RowFault;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes rows of requests to a table of the model. */
final class ModelCopy {
  private static final long ROW_NANOS = 3_000;

  /**
   * A row of a batch.
   *
   * @param number among the rows of the batch for the table, from 0
   * @param line among all rows of the COPY, from 1
   */
  private record Copied(Batch batch, int number, int line, long id, Row row) {
    /** Whether the error comes from the row's own node, and not from the coordinator. */
    boolean isRaised(SQLException e) {
      RowFault fault = row.fault();
      return fault != null && String.valueOf(fault.sqlState()).equals(e.getSQLState());
    }
  }

  private final World world;
  private final ModelConnection connection;
  private final Backend backend;
  private final Table table;
  private final int tableNumber;
  private final boolean byInsert;
  private final List<RowFault> deferred = new ArrayList<>();

  ModelCopy(
      World world, ModelConnection connection, Backend backend, Table table, boolean byInsert) {
    this.world = world;
    this.connection = connection;
    this.backend = backend;
    this.table = table;
    this.tableNumber = ModelTable.numberOf(table);
    this.byInsert = byInsert;
  }

  /** Whether a table that is broken says so only of a row. */
  static boolean isOfRow(String sqlState) {
    return sqlState.equals("22P03");
  }

  /** What is wrong with rows that fail later. */
  List<RowFault> deferred() {
    return deferred;
  }

  void run(List<Batch> batches) throws FlushException {
    List<Copied> rows = rows(batches);
    boolean early = backend.xid() % 2 == 0;
    try {
      if (early) {
        connection.pass(Point.COPY);
      }
    } catch (SQLException e) {
      throw failure(e, null);
    }
    copy(rows);
    if (!table.deduplicateBy().isEmpty()) {
      rows.sort(Comparator.comparingLong(copied -> copied.row.unique()));
    }
    for (Copied row : rows) {
      try {
        write(row);
      } catch (SQLException e) {
        throw failure(e, row);
      }
    }
    try {
      if (!early) {
        connection.pass(Point.COPY);
      }
    } catch (SQLException e) {
      throw failure(e, null);
    }
  }

  /** A statement timeout may name the row at which the time was over, not one that is slow. */
  private void copy(List<Copied> rows) throws FlushException {
    try {
      connection.work(rows.size() * ROW_NANOS);
    } catch (SQLException e) {
      if (!DriverErrors.QUERY_CANCELED.equals(e.getSQLState())) {
        throw failure(e, null);
      }
      Copied any = rows.get(rows.size() / 2);
      boolean isLocated = backend.xid() % 3 != 0;
      throw failure(DriverErrors.server(DriverErrors.QUERY_CANCELED, context(any, isLocated)), any);
    }
  }

  private List<Copied> rows(List<Batch> batches) {
    List<Copied> rows = new ArrayList<>();
    for (Batch batch : batches) {
      int number = 0;
      for (int run = 0; run < batch.runCount(); run++) {
        if (batch.runTable(run) == table) {
          for (long id : Attempt.rowIds(batch, run)) {
            rows.add(new Copied(batch, number++, rows.size() + 1, id, world.row(id)));
          }
        }
      }
    }
    return rows;
  }

  private void write(Copied copied) throws SQLException {
    boolean quarantined = table.name().equals(Quarantine.NAME);
    Row row = copied.row;
    RowFault fault = quarantined ? null : row.fault();
    String brokenWith = world.server().faults().brokenWith(tableNumber);
    if (brokenWith != null) {
      throw DriverErrors.server(brokenWith, context(copied, true));
    }
    if (fault != null && fault.stage() == Stage.COPY) {
      connection.suffer(fault, context(copied, fault.isLocated()));
    } else if (fault != null) {
      deferred.add(fault);
    }
    if (quarantined || isNew(copied)) {
      backend.write(copied.id, quarantined, Attempt.of(copied.batch));
    }
  }

  /** Whether the row is to be stored; otherwise it is left out. */
  private boolean isNew(Copied copied) throws SQLException {
    if (!copied.row.table().isUnique()) {
      return true;
    }
    long value = copied.row.value();
    if (!connection.isReleasedInTime(() -> world.server().isLocked(value, backend))) {
      boolean isLocated = table.deduplicateBy().isEmpty();
      throw DriverErrors.server(DriverErrors.LOCK_NOT_AVAILABLE, context(copied, isLocated));
    }
    if (world.server().insert(value, backend)) {
      return true;
    }
    if (table.deduplicateBy().isEmpty()) {
      throw DriverErrors.server(DriverErrors.UNIQUE_VIOLATION, context(copied, true));
    }
    copied.batch.leaveOut(table, copied.number);
    return false;
  }

  private @Nullable String context(Copied row, boolean isLocated) {
    return isLocated ? "COPY " + table.name() + ", line " + row.line : null;
  }

  private FlushException failure(SQLException e, @Nullable Copied row) {
    world.trace().add("server", "fails to write", e.getSQLState());
    if (table.distributeBy() != null && !byInsert && row != null && row.isRaised(e)) {
      return unlocated(Stage.COPY, DriverErrors.server("XX000"));
    }
    if (byInsert || row == null || !DriverErrors.hasContext(e)) {
      return unlocated(byInsert ? Stage.INSERT : Stage.COPY, e);
    }
    int event = row.batch.eventOf(table, row.number);
    return new FlushException(Stage.COPY, table, row.batch, event, e);
  }

  private FlushException unlocated(Stage stage, SQLException e) {
    return new FlushException(stage, table, null, Outcome.NO_EVENT, e);
  }
}
