package attolytics.flush.transaction;

import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import attolytics.schema.Table;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A transaction failed: at which stage, with which error, and what became of its session. */
public final class FlushException extends Exception {
  /** What the transaction was about. */
  public enum Stage {
    BEGIN,
    /** Claiming the Idempotency-Keys, or, after the rows, storing the answers of some of them. */
    KEYS,
    /** The table takes no COPY at all, or what has to precede the COPY failed. */
    COPY_START,
    COPY,
    /** The same rows by INSERT. */
    INSERT,
    /**
     * Deferred constraints and triggers. They run before the COMMIT, but in the same round trip: if
     * the connection is lost, it may be committed.
     */
    CONSTRAINTS,
    COMMIT
  }

  /** What became of a transaction's session. */
  public enum Session {
    /** It answers and could write. */
    WRITABLE,
    /** It answers, but no transaction on it may write, as on a standby. */
    READ_ONLY,
    /** It does not answer any more. */
    LOST
  }

  /** What an SQLSTATE says about the rows that failed, or the table. */
  public enum Kind {
    /** The same rows may be accepted later, so they are not rejected before the ack timeout. */
    TRANSIENT,
    /** The table does not accept such rows until an operator changes it. */
    TABLE,
    /** The rows are invalid. */
    ROW;

    /**
     * What the SQLSTATE alone says.
     *
     * @param hasContext whether the server's error has a context, such as a row
     */
    public static Kind of(@Nullable String sqlState, boolean hasContext) {
      if (sqlState == null || sqlState.length() < 2) {
        return TRANSIENT;
      }
      return switch (sqlState) {
        // The encoding is right, so the types of the table's columns have changed.
        case "22P03", "22P04" -> TABLE;
        // A sequence is at its end, of a column that is not in the schema file.
        case "2200H" -> TABLE;
        // A foreign table's server is away.
        case "HV00N" -> TRANSIENT;
        // The same, if the server names the row: a field is too short for a wider type. Without a
        // row, the error is a proxy's.
        case "08P01" -> hasContext ? TABLE : TRANSIENT;
        default -> ofClass(sqlState.substring(0, 2));
      };
    }

    private static Kind ofClass(String sqlStateClass) {
      return switch (sqlStateClass) {
        case "08", "25", "26", "28", "3D", "40", "53", "55", "57", "58", "F0", "XX" -> TRANSIENT;
        case "42", "3F", "0A" -> TABLE;
        // 54: an index entry that is too long is the row's, too.
        case "22", "23", "44", "54", "P0" -> ROW;
        default -> ROW; // a trigger may raise any SQLSTATE
      };
    }
  }

  private final Stage stage;
  private final transient @Nullable Table table;
  private final transient @Nullable Batch failedBatch;
  private final int event;
  private final SQLException sql;
  private final Session session;
  private final transient Map<Batch, Outcome> known;
  private final transient @Nullable TransactionId lostCommit;

  /**
   * Where it is not known yet what became of the session, which is taken for lost until then.
   *
   * @see #after
   */
  public FlushException(Stage stage, SQLException sql) {
    this(stage, null, null, Outcome.NO_EVENT, sql);
  }

  /**
   * @param table whose COPY or INSERT failed, or null if it was none's
   * @param failedBatch whose row it was by the database's words, or null if they do not tell
   * @param event which row of it, or {@link Outcome#NO_EVENT}
   */
  public FlushException(
      Stage stage,
      @Nullable Table table,
      @Nullable Batch failedBatch,
      int event,
      SQLException sql) {
    this(stage, table, failedBatch, event, sql, Session.LOST, Map.of(), null);
  }

  private FlushException(
      Stage stage,
      @Nullable Table table,
      @Nullable Batch failedBatch,
      int event,
      SQLException sql,
      Session session,
      Map<Batch, Outcome> known,
      @Nullable TransactionId lostCommit) {
    super(sql);
    this.stage = stage;
    this.table = table;
    this.failedBatch = failedBatch;
    this.event = event;
    this.sql = sql;
    this.session = session;
    this.known = known;
    this.lostCommit = lostCommit;
  }

  /**
   * The same, once more is known.
   *
   * @param state what became of the session
   * @param outcomes of those batches whose key was committed before, or is only looked up
   */
  FlushException after(Session state, Map<Batch, Outcome> outcomes) {
    return new FlushException(stage, table, failedBatch, event, sql, state, outcomes, lostCommit);
  }

  /** The same, if it left open whether the transaction is committed. */
  FlushException withLostCommit(TransactionId lost) {
    return new FlushException(stage, table, failedBatch, event, sql, session, known, lost);
  }

  /**
   * The same, after the status was queried: the transaction is not committed, or its requests are
   * written again under their Idempotency-Keys, which shows whether it is.
   */
  public FlushException withoutLostCommit() {
    return new FlushException(stage, table, failedBatch, event, sql, session, known, null);
  }

  public Stage stage() {
    return stage;
  }

  public @Nullable Table table() {
    return table;
  }

  public @Nullable Batch failedBatch() {
    return failedBatch;
  }

  public int event() {
    return event;
  }

  public SQLException sql() {
    return sql;
  }

  public Session session() {
    return session;
  }

  /**
   * The outcomes of those batches whose key was committed by an earlier transaction, or is only
   * looked up. They do not depend on this one.
   */
  public Map<Batch, Outcome> known() {
    return known;
  }

  /** The transaction, if it is not known whether it is committed; null if it is not committed. */
  public @Nullable TransactionId lostCommit() {
    return lostCommit;
  }

  public Kind kind() {
    return CopyError.isOutOfTransactionIds(sql)
        ? Kind.TRANSIENT
        : Kind.of(sql.getSQLState(), CopyError.hasContext(sql));
  }

  /** Whether the table, and no client, is to be corrected, although it may be for a single row. */
  public boolean isOfTable() {
    return kind() == Kind.TABLE || isUnknownColumn() || lacksPartition();
  }

  /** NULL in a column that is not in the schema file: no client can fix that. */
  private boolean isUnknownColumn() {
    String column = CopyError.column(sql);
    return "23502".equals(sql.getSQLState())
        && table != null
        && column != null
        && table.column(column) == null;
  }

  /** The row's time is a valid one: a missing partition is the service's failure. */
  private boolean lacksPartition() {
    return table != null && table.partitioning() != null && CopyError.hasNoPartition(sql);
  }

  /** Whether it waited for too long: for a lock, or until the statement timeout. */
  public boolean isTimeout() {
    return "55P03".equals(sql.getSQLState()) || "57014".equals(sql.getSQLState());
  }

  /** Whether a statement took too long: it had too much to do, or waited for several locks. */
  public boolean isStatementTimeout() {
    return "57014".equals(sql.getSQLState());
  }

  /** Whether a unique or exclusion constraint refused a row. */
  public boolean isConflict() {
    return "23505".equals(sql.getSQLState()) || "23P01".equals(sql.getSQLState());
  }

  /** Citus passes on what another node reports of a COPY, but not its SQLSTATE. */
  public boolean hidesItsCause() {
    return stage == Stage.COPY
        && "XX000".equals(sql.getSQLState())
        && table != null
        && table.distributeBy() != null;
  }

  /** Whether the batch has rows for the table, or, where there is none, an Idempotency-Key. */
  public boolean concerns(Batch batch) {
    return table == null ? batch.key() != null : batch.touches(table);
  }

  /** The tables that may be the reason, in the order of their names. */
  public Set<Table> failedTables(List<Batch> batches) {
    return switch (stage) {
      case BEGIN, KEYS, COPY_START -> Set.of(); // no row is the reason
      case COPY, INSERT, CONSTRAINTS, COMMIT ->
          table != null ? Set.of(table) : new LinkedHashSet<>(FlushTransaction.tablesOf(batches));
    };
  }

  /** The table, in words. */
  public String tableName() {
    return table == null ? "the table of Idempotency-Keys" : "table " + table.name();
  }

  /** Where a row failed, in words. */
  public String place() {
    return switch (stage) {
      case CONSTRAINTS, COMMIT -> "a table with deferred constraints";
      case BEGIN, KEYS, COPY_START, COPY, INSERT -> tableName();
    };
  }
}
