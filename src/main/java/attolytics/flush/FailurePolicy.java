package attolytics.flush;

import attolytics.flush.FlushException.Stage;
import org.jspecify.annotations.Nullable;

/**
 * Decides what becomes of requests whose transaction failed and is certainly not committed. Pure:
 * the same failure gets the same verdict.
 *
 * <p>An SQLSTATE says what went wrong, but not with whom: 40001, 25006 or 08001 may come of a row's
 * trigger or of a foreign table as well as of the server. That is told by where the failure came
 * up, by whether the session lived on, and, where that leaves it open, by trying the requests
 * apart.
 *
 * @see <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">Error codes</a>
 */
final class FailurePolicy {
  /** What is done with the requests of a transaction. */
  enum Verdict {
    /** The database is away: all of them again, after a pause. */
    RETRY_ALL,
    /** One of them may be to blame: in parts, until it stands alone. */
    SPLIT,
    /** Several wait for the same keys: again, without those whose key is held. */
    SORT_OUT_KEYS,
    /** The one request again, later, while the others go on. */
    DEFER,
    /** The same; all other requests for its tables are tried apart, too, until one is stored. */
    DEFER_AND_SUSPECT_TABLE,
    /** All requests for the table, or with a key, wait; one of them is tried now and then. */
    HOLD,
    /** The one request is refused. */
    REJECT,
    /** All requests for the table, or with a key, are refused. */
    REJECT_TABLE,
    /** The one request again, by INSERT, which tells more. */
    RETRY_BY_INSERT
  }

  /** What became of a transaction's session. */
  enum Session {
    /** It answers and could write. */
    WRITABLE,
    /** It answers, but no transaction on it may write, as on a standby. */
    READ_ONLY,
    /** It does not answer any more. */
    LOST
  }

  /** What an SQLSTATE tells of a request that stands alone. */
  enum Kind {
    /** The same rows may well be taken later. */
    TRANSIENT,
    /** The table does not take such rows, until an operator mends it. */
    TABLE,
    /** The rows are to blame. */
    ROW;

    /**
     * @param hasContext whether the server said what it was at, such as a row
     */
    static Kind of(@Nullable String sqlState, boolean hasContext) {
      if (sqlState == null || sqlState.length() < 2) {
        return TRANSIENT;
      }
      return switch (sqlState) {
        // Our encoding is right: the table has other types by now.
        case "22P03", "22P04" -> TABLE;
        // So is this, if the server says in which row: a field is too short for a type that was
        // widened. Else it is a proxy's.
        case "08P01" -> hasContext ? TABLE : TRANSIENT;
        default -> ofClass(sqlState.substring(0, 2));
      };
    }

    private static Kind ofClass(String sqlStateClass) {
      return switch (sqlStateClass) {
        case "08", "25", "26", "28", "3D", "40", "53", "55", "57", "58", "F0", "XX" -> TRANSIENT;
        case "42", "3F", "0A" -> TABLE;
        // 54: an index entry that is too long is a matter of the row, too.
        case "22", "23", "44", "54", "P0" -> ROW;
        default -> ROW; // a trigger may raise what it likes
      };
    }
  }

  /**
   * A failure, and what was seen before it.
   *
   * @param stage where it came up
   * @param kind by its SQLSTATE
   * @param isWait whether it was a wait for a lock, or another one, that took too long
   * @param session what became of the session
   * @param isLone whether the transaction had one request only
   * @param hidesItsCause whether the table is on other machines, whose errors it does not pass on
   * @param lost connections lost in the middle of a transaction since the last one was committed,
   *     this one included
   * @param tableFailedAlone requests for the table that failed alone since it last took a row, this
   *     one included
   */
  record Failed(
      Stage stage,
      Kind kind,
      boolean isWait,
      Session session,
      boolean isLone,
      boolean hidesItsCause,
      int lost,
      int tableFailedAlone) {}

  /** So many requests that fail alone, one after the other, are no accident. */
  static final int ENOUGH_FAILED_ALONE = 3;

  private FailurePolicy() {}

  static Verdict decide(Failed failed) {
    if (failed.stage() == Stage.BEGIN || failed.session() == Session.READ_ONLY) {
      return Verdict.RETRY_ALL;
    }
    if (failed.session() == Session.LOST) {
      return lost(failed);
    }
    return switch (failed.stage()) {
      case BEGIN -> Verdict.RETRY_ALL;
      case KEYS -> keys(failed);
      // No row was looked at yet.
      case COPY_START -> failed.kind() == Kind.TRANSIENT ? Verdict.HOLD : Verdict.REJECT_TABLE;
      case COPY, INSERT, CONSTRAINTS, COMMIT -> failed.isLone() ? lone(failed) : Verdict.SPLIT;
    };
  }

  /** A server that stops breaks a connection once; what breaks one after the other is a row. */
  private static Verdict lost(Failed failed) {
    if (failed.lost() < 2 || failed.stage() == Stage.KEYS) {
      return Verdict.RETRY_ALL;
    }
    return failed.isLone() ? later(failed) : Verdict.SPLIT;
  }

  private static Verdict keys(Failed failed) {
    return switch (failed.kind()) {
      case TRANSIENT -> failed.isWait() && !failed.isLone() ? Verdict.SORT_OUT_KEYS : Verdict.HOLD;
      case TABLE -> Verdict.REJECT_TABLE;
      case ROW -> failed.isLone() ? Verdict.REJECT : Verdict.SPLIT;
    };
  }

  private static Verdict lone(Failed failed) {
    if (failed.kind() != Kind.TRANSIENT) {
      return Verdict.REJECT;
    }
    return failed.hidesItsCause() ? Verdict.RETRY_BY_INSERT : later(failed);
  }

  /** Not to hold the table: it is not known to fail, and others may have rows that it takes. */
  private static Verdict later(Failed failed) {
    return failed.tableFailedAlone() >= ENOUGH_FAILED_ALONE
        ? Verdict.DEFER_AND_SUSPECT_TABLE
        : Verdict.DEFER;
  }
}
