package attolytics.buffer;

import org.jspecify.annotations.Nullable;

/**
 * What became of a request's rows, all of them alike.
 *
 * @param detail for a refusal, what the database said, fit to be shown to the client; else null
 */
public record Outcome(Kind kind, @Nullable String detail) {
  /** Settled by a COMMIT, by a refusal, or by time. */
  public enum Kind {
    /** Committed. */
    STORED,
    /** Not committed: a constraint, a trigger or a type of the database refused a row. */
    REFUSED,
    /** Not committed: a unique or exclusion constraint refused a row. */
    CONFLICT,
    /** Not committed: the table cannot take rows, whatever they are, until an operator mends it. */
    TABLE_BROKEN,
    /** Not committed: the database was away for as long as the request could wait. */
    UNAVAILABLE,
    /** Nobody can tell: the connection was lost while committing, and asking did not help. */
    UNKNOWN
  }

  public static final Outcome STORED = new Outcome(Kind.STORED, null);
  public static final Outcome UNAVAILABLE = new Outcome(Kind.UNAVAILABLE, null);
  public static final Outcome UNKNOWN = new Outcome(Kind.UNKNOWN, null);
}
