package attolytics.flush;

import attolytics.flush.transaction.FlushException.Kind;
import attolytics.flush.transaction.FlushException.Session;
import attolytics.flush.transaction.FlushException.Stage;

/**
 * Decides what is done with the requests of a transaction that failed. Pure: the same failure gets
 * the same verdict.
 *
 * <p>An SQLSTATE says what went wrong, but not with whom: 40001, 25006 or 08001 may be raised by a
 * row's trigger or a foreign table as well as by the server. What tells them apart is where the
 * error occurred, whether the session survived it, and, if that is not enough, a separate attempt
 * for each request.
 *
 * @see <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">Error codes</a>
 */
final class FailurePolicy {
  /** What is done with the requests of a transaction. */
  enum Verdict {
    /** It may be committed: query its status first. */
    ASK_FOR_STATUS,
    /** The database was not available: retry all, after a pause. */
    RETRY_ALL,
    /**
     * One of them may be the reason: retry in parts. One whose row the error names is a part of its
     * own, or deferred at once if a lock or the statement took too long. Types, CHECK, NOT NULL,
     * unique indexes and BEFORE triggers name the row; foreign keys, AFTER triggers and deferred
     * ones do not. The INSERT of {@code deduplicate_by} finds the row itself, but only if the row
     * is refused.
     */
    SPLIT,
    /** Their table is slow: write them, and all others for the table, apart from flushes. */
    SUSPECT_TABLE,
    /**
     * A key of one of several requests is locked: find out which keys are, defer their requests,
     * and retry the others.
     */
    FIND_LOCKED_KEYS,
    /** Retry the one request later, separately, until its ack timeout: it is not rejected. */
    DEFER,
    /** The same, and all other requests for its table are written separately. */
    DEFER_AND_SUSPECT_TABLE,
    /**
     * The table accepts nothing at the moment, or the table of keys does not, or the key of the one
     * request is locked: all requests that need it wait, and a few are retried from time to time.
     */
    HOLD,
    /** Reject the one request. */
    REJECT,
    /** Reject all requests for the table, or with a key. */
    REJECT_TABLE,
    /** Retry the one request by INSERT, whose errors say more. */
    RETRY_BY_INSERT
  }

  /**
   * A failure, and what happened before it.
   *
   * @param stage where it occurred
   * @param kind by its SQLSTATE
   * @param isUnconfirmed whether the transaction may be committed all the same
   * @param isTimeout whether a lock or a statement took too long
   * @param isSlow whether it took some time, and so would finding out which request is the reason
   * @param session what became of the session
   * @param isLone whether the transaction had one request only
   * @param hidesItsCause whether the table is on other nodes, whose errors are not passed on
   * @param lostConnections in the middle of a transaction since the last COMMIT of a flush, if it
   *     is one, of separate requests or of a retry; this one included
   * @param failedAlone requests for the table that failed alone since it last accepted a row. This
   *     one counts unless it is a retry or a timeout
   * @param slowOfFlush slow ones in this flush, this one included; 0 if it is no flush but a retry
   *     or separate requests
   */
  record Failed(
      Stage stage,
      Kind kind,
      boolean isUnconfirmed,
      boolean isTimeout,
      boolean isSlow,
      Session session,
      boolean isLone,
      boolean hidesItsCause,
      int lostConnections,
      int failedAlone,
      int slowOfFlush) {}

  /** This many consecutive requests that fail alone are no coincidence. */
  static final int MAX_FAILED_ALONE = 3;

  /**
   * From the second slow failure of a flush on, its table is suspect. A lone request that took too
   * long makes it suspect only from the third on: it alone may be the reason.
   */
  static final int MAX_SLOW = 2;

  private FailurePolicy() {}

  static Verdict decide(Failed failed) {
    if (failed.isUnconfirmed()) {
      return Verdict.ASK_FOR_STATUS;
    }
    if (failed.stage() == Stage.BEGIN || failed.session() == Session.READ_ONLY) {
      return Verdict.RETRY_ALL;
    }
    if (failed.session() == Session.LOST) {
      return lost(failed);
    }
    return switch (failed.stage()) {
      case BEGIN -> Verdict.RETRY_ALL; // see above
      case KEYS -> keys(failed);
      // The server has not seen a row yet.
      case COPY_START -> failed.kind() == Kind.TRANSIENT ? Verdict.HOLD : Verdict.REJECT_TABLE;
      case COPY, INSERT, CONSTRAINTS, COMMIT -> failed.isLone() ? lone(failed) : several(failed);
    };
  }

  /** A server that stops breaks a connection once; a bad row breaks one at each attempt. */
  private static Verdict lost(Failed failed) {
    if (failed.lostConnections() < 2 || failed.stage() == Stage.KEYS) {
      return Verdict.RETRY_ALL;
    }
    return failed.isLone() ? later(failed) : Verdict.SPLIT;
  }

  private static Verdict keys(Failed failed) {
    return switch (failed.kind()) {
      case TRANSIENT ->
          failed.isTimeout() && !failed.isLone() ? Verdict.FIND_LOCKED_KEYS : Verdict.HOLD;
      case TABLE -> Verdict.REJECT_TABLE;
      case ROW -> failed.isLone() ? Verdict.REJECT : Verdict.SPLIT;
    };
  }

  private static Verdict several(Failed failed) {
    return failed.isSlow() && failed.slowOfFlush() >= MAX_SLOW
        ? Verdict.SUSPECT_TABLE
        : Verdict.SPLIT;
  }

  private static Verdict lone(Failed failed) {
    if (failed.kind() != Kind.TRANSIENT) {
      return Verdict.REJECT;
    }
    return failed.hidesItsCause() ? Verdict.RETRY_BY_INSERT : later(failed);
  }

  /** The table is not put on hold: it may accept the rows of others. */
  private static Verdict later(Failed failed) {
    boolean isOneOfSlow = failed.isTimeout() && failed.slowOfFlush() > MAX_SLOW;
    return isOneOfSlow || failed.failedAlone() >= MAX_FAILED_ALONE
        ? Verdict.DEFER_AND_SUSPECT_TABLE
        : Verdict.DEFER;
  }
}
