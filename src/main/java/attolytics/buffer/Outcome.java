package attolytics.buffer;

import org.jspecify.annotations.Nullable;

/**
 * What became of a request's rows, all of them alike.
 *
 * @param detail for a refusal, what the database said, fit to be shown to the client; for a request
 *     that was stored before, the body of its answer, if that is not empty; else null
 * @param event the one that was refused, from 0, or {@link #NO_EVENT} if that is not known
 */
public record Outcome(Kind kind, @Nullable String detail, int event) {
  /** Settled by a COMMIT, by a refusal, or by time. */
  public enum Kind {
    /** Committed. */
    STORED,
    /** Committed before, under the same Idempotency-Key and with the same body. */
    REPLAYED,
    /** Not committed: the Idempotency-Key was used before, with another body. */
    KEY_REUSED,
    /** Not committed: a constraint, a trigger or a type of the database refused a row. */
    REFUSED,
    /** Not committed: a unique or exclusion constraint refused a row. */
    CONFLICT,
    /** Not committed: the table cannot take rows, whatever they are, until an operator mends it. */
    TABLE_BROKEN,
    /** Not committed: the database was away for as long as the request could wait. */
    UNAVAILABLE,
    /** Not committed: the service had to stop before it came to it. */
    STOPPED,
    /** Nobody can tell: the connection was lost while committing, and asking did not help. */
    UNKNOWN;

    /** Whether the database has decided, and not time. */
    public boolean isOfDatabase() {
      return this != UNAVAILABLE && this != STOPPED && this != UNKNOWN;
    }
  }

  public static final int NO_EVENT = -1;

  public static final Outcome STORED = of(Kind.STORED);
  public static final Outcome REPLAYED = of(Kind.REPLAYED);
  public static final Outcome KEY_REUSED = of(Kind.KEY_REUSED);
  public static final Outcome UNAVAILABLE = of(Kind.UNAVAILABLE);
  public static final Outcome STOPPED = of(Kind.STOPPED);
  public static final Outcome UNKNOWN = of(Kind.UNKNOWN);

  /**
   * Committed before, under the same Idempotency-Key.
   *
   * @param answer the body of the answer, or null if that is empty
   */
  public static Outcome replayed(@Nullable String answer) {
    return answer == null ? REPLAYED : new Outcome(Kind.REPLAYED, answer, NO_EVENT);
  }

  private static Outcome of(Kind kind) {
    return new Outcome(kind, null, NO_EVENT);
  }
}
