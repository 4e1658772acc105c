package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.schema.Table;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** A transaction that is certainly not committed, and how far it got. */
final class FlushException extends Exception {
  /** What the transaction was about. */
  enum Stage {
    BEGIN,
    KEYS,
    /** The table takes no COPY at all. */
    COPY_START,
    COPY,
    /** The same rows by INSERT. */
    INSERT,
    COMMIT
  }

  private final Stage stage;
  private final transient @Nullable Table table;
  private final transient @Nullable Batch culprit;
  private final int event;
  private final SQLException sql;

  FlushException(Stage stage, SQLException sql) {
    this(stage, null, null, Outcome.NO_EVENT, sql);
  }

  /**
   * @param table whose COPY or INSERT failed, or null if it was none's
   * @param culprit whose row it was by the database's words, or null if they do not tell
   * @param event which row of the culprit it was, or {@link Outcome#NO_EVENT}
   */
  FlushException(
      Stage stage, @Nullable Table table, @Nullable Batch culprit, int event, SQLException sql) {
    super(sql);
    this.stage = stage;
    this.table = table;
    this.culprit = culprit;
    this.event = event;
    this.sql = sql;
  }

  Stage stage() {
    return stage;
  }

  @Nullable Table table() {
    return table;
  }

  @Nullable Batch culprit() {
    return culprit;
  }

  int event() {
    return event;
  }

  SQLException sql() {
    return sql;
  }
}
