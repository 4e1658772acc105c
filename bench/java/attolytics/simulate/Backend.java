package attolytics.simulate;

import attolytics.buffer.IdempotencyKey;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A session of the server in a transaction. */
final class Backend {
  /**
   * A row that it has written.
   *
   * @param id see {@link Attempt#rowId}
   */
  record Written(long id, boolean quarantined, Attempt attempt) {}

  private final long xid;
  private final Scheduler.Task client;
  private final List<Written> rows = new ArrayList<>();
  private final List<IdempotencyKey> keys = new ArrayList<>();
  private final List<Long> values = new ArrayList<>();
  private int tables;
  private boolean open = true;
  private boolean committing;
  private @Nullable String endedWith;

  /**
   * @param client that waits for it
   */
  Backend(long xid, Scheduler.Task client) {
    this.xid = xid;
    this.client = client;
  }

  long xid() {
    return xid;
  }

  Scheduler.Task client() {
    return client;
  }

  /** Rows that it commits. */
  List<Written> rows() {
    return rows;
  }

  /** Keys that it has claimed. */
  List<IdempotencyKey> keys() {
    return keys;
  }

  /** Unique values that it has inserted. */
  List<Long> values() {
    return values;
  }

  /** Notes that it has a lock on a table, by its number. */
  void locksTable(int table) {
    tables |= 1 << table;
  }

  boolean hasLocked(int table) {
    return (tables & 1 << table) != 0;
  }

  /** Whether its transaction is neither committed nor aborted. */
  boolean isOpen() {
    return open;
  }

  void close() {
    open = false;
  }

  /** Whether nothing can fail its COMMIT any more but the end of the session. */
  void setCommitting(boolean begins) {
    committing = begins;
  }

  boolean isCommitting() {
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
  @Nullable String endedWith() {
    return endedWith;
  }
}
