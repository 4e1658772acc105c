package attolytics.simulate;

import attolytics.buffer.Ack;
import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.encoding.CopyBuffer;
import attolytics.flush.transaction.FlushException;
import attolytics.flush.transaction.FlushException.Stage;
import attolytics.schema.Quarantine;
import attolytics.schema.Table;
import attolytics.simulate.Fault.Point;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes rows of requests to a table of the model. */
final class RowCopy {
  private static final long ROW_NANOS = 3_000;

  /**
   * A row of a batch.
   *
   * @param number among the rows of the batch for the table, from 0
   * @param line among all rows of the COPY, from 1
   */
  private record Copied(Batch batch, int number, int line, long id, Plan.Row row) {
    /** Whether the error comes from the row's own node, and not from the coordinator. */
    boolean isRaised(SQLException e) {
      Plan.Trouble trouble = row.trouble();
      return trouble != null && String.valueOf(trouble.sqlState()).equals(e.getSQLState());
    }
  }

  private final World world;
  private final Wire wire;
  private final Backend backend;
  private final Table table;
  private final int tableNumber;
  private final boolean byInsert;
  private final List<Plan.Trouble> deferred = new ArrayList<>();

  RowCopy(World world, Wire wire, Backend backend, Table table, boolean byInsert) {
    this.world = world;
    this.wire = wire;
    this.backend = backend;
    this.table = table;
    this.tableNumber = world.numberOf(table);
    this.byInsert = byInsert;
  }

  /** Whether a table that is broken says so only of a row. */
  static boolean isOfRow(String sqlState) {
    return sqlState.equals("22P03");
  }

  /** What is wrong with rows that fail later. */
  List<Plan.Trouble> deferred() {
    return deferred;
  }

  void run(List<Batch> batches) throws FlushException {
    List<Copied> rows = rows(batches);
    boolean early = backend.xid() % 2 == 0;
    try {
      if (early) {
        wire.pass(Point.COPY);
      }
      wire.work(rows.size() * ROW_NANOS);
    } catch (SQLException e) {
      throw failure(e, null);
    }
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
        wire.pass(Point.COPY);
      }
    } catch (SQLException e) {
      throw failure(e, null);
    }
  }

  private List<Copied> rows(List<Batch> batches) {
    List<Copied> rows = new ArrayList<>();
    for (Batch batch : batches) {
      byte[] bytes = batch.rows().array();
      int number = 0;
      for (int run = 0; run < batch.runCount(); run++) {
        if (batch.runTable(run) == table) {
          for (int at = batch.runStart(run); at < batch.runEnd(run); at += Attempt.ROW_BYTES) {
            long id = CopyBuffer.fieldInteger(bytes, at + Short.BYTES);
            rows.add(new Copied(batch, number++, rows.size() + 1, id, world.row(id)));
          }
        }
      }
    }
    return rows;
  }

  private void write(Copied copied) throws SQLException {
    boolean quarantined = table.name().equals(Quarantine.NAME);
    Plan.Row row = copied.row;
    Plan.Trouble trouble = quarantined ? null : row.trouble();
    String brokenWith = world.server().condition().brokenWith(tableNumber);
    if (brokenWith != null) {
      throw Errors.server(brokenWith, context(copied, true));
    }
    if (trouble != null && trouble.stage() == Stage.COPY) {
      wire.suffer(trouble, context(copied, trouble.isLocated()));
    } else if (trouble != null) {
      deferred.add(trouble);
    }
    if (quarantined || isNew(copied)) {
      backend.rows().add(new Backend.Written(copied.id, quarantined, attempt(copied.batch)));
    }
  }

  private static Attempt attempt(Batch batch) {
    Ack waiting = batch.waiting();
    if (waiting instanceof Attempt attempt) {
      return attempt;
    }
    throw new IllegalStateException("a request is written that is settled");
  }

  /** Whether the row is to be stored; otherwise it is left out. */
  private boolean isNew(Copied copied) throws SQLException {
    if (!copied.row.table().isUnique()) {
      return true;
    }
    long value = World.value(copied.row);
    if (!wire.isReleasedInTime(() -> world.server().isLocked(value, backend))) {
      boolean isLocated = table.deduplicateBy().isEmpty();
      throw Errors.server(Errors.LOCK_NOT_AVAILABLE, context(copied, isLocated));
    }
    if (world.server().insert(value, backend)) {
      return true;
    }
    if (table.deduplicateBy().isEmpty()) {
      throw Errors.server(Errors.UNIQUE_VIOLATION, context(copied, true));
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
      return unlocated(Stage.COPY, Errors.server("XX000"));
    }
    if (byInsert || row == null || !Errors.hasContext(e)) {
      return unlocated(byInsert ? Stage.INSERT : Stage.COPY, e);
    }
    int event = row.batch.eventOf(table, row.number);
    return new FlushException(Stage.COPY, table, row.batch, event, e);
  }

  private FlushException unlocated(Stage stage, SQLException e) {
    return new FlushException(stage, table, null, Outcome.NO_EVENT, e);
  }
}
