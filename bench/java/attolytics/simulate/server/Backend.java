package attolytics.simulate.server;

import attolytics.buffer.IdempotencyKey;
import attolytics.simulate.runtime.Task;
import attolytics.simulate.workload.Attempt;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A session of the server in a transaction. */
public final class Backend {
  private final long xid;
  private final Task client;
  private final List<WrittenRow> rows = new ArrayList<>();
  private final List<IdempotencyKey> keys = new ArrayList<>();
  private final List<Long> values = new ArrayList<>();
  private int tables;
  private boolean open = true;
  private boolean committing;
  private @Nullable String endedWith;

  /**
   * @param client that waits for it
   */
  Backend(long xid, Task client) {
    this.xid = xid;
    this.client = client;
  }

  public long xid() {
    return xid;
  }

  Task client() {
    return client;
  }

  /** Writes a row, which it commits. */
  public void write(long rowId, boolean isQuarantined, Attempt attempt) {
    rows.add(new WrittenRow(rowId, isQuarantined, attempt, xid));
  }

  List<WrittenRow> rows() {
    return rows;
  }

  /** Keys whose rows it has inserted, or found and locked. */
  List<IdempotencyKey> keys() {
    return keys;
  }

  /** Unique values that it has inserted. */
  List<Long> values() {
    return values;
  }

  /** Notes that it has a lock on a table, by its number. */
  public void locksTable(int table) {
    tables |= 1 << table;
  }

  boolean hasLocked(int table) {
    return (tables & 1 << table) != 0;
  }

  /** Whether its transaction is neither committed nor aborted. */
  public boolean isOpen() {
    return open;
  }

  void close() {
    open = false;
  }

  /** Whether nothing can fail its COMMIT any more but the end of the session. */
  public void setCommitting(boolean begins) {
    committing = begins;
  }

  public boolean isCommitting() {
    return committing;
  }

  /**
   * The server ends the session.
   *
   * @param sqlState that the client is told, or an empty text if it is told nothing
   */
  void end(String sqlState) {
    if (endedWith == null) {
      endedWith = sqlState;
    }
  }

  /** With what the server ended the session, or null. */
  public @Nullable String endedWith() {
    return endedWith;
  }
}
