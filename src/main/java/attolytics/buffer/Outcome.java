package attolytics.buffer;

import org.jspecify.annotations.Nullable;

/**
 * The outcome of a request, which applies to all of its rows.
 *
 * @param detail if the request is refused, the message of the database, safe to show to the client;
 *     if it was stored before, the body of its answer unless that is empty; else null
 * @param reason if the request is refused, or not written in time, why, for the operators: without
 *     words that may quote a row; else null
 * @param event index of the event that was refused, or {@link #NO_EVENT} if it is unknown
 */
public record Outcome(Kind kind, @Nullable String detail, @Nullable String reason, int event) {
  public Outcome(Kind kind, @Nullable String detail, int event) {
    this(kind, detail, null, event);
  }

  /** Whether the rows are committed, and if not, why. */
  public enum Kind {
    /** Committed. */
    STORED,
    /**
     * Committed earlier, with the same Idempotency-Key and the same body; perhaps by an attempt of
     * this request whose COMMIT was not confirmed.
     */
    REPLAYED,
    /** Not committed: the Idempotency-Key was used with another body. */
    KEY_REUSED,
    /** Not committed: the Idempotency-Key is not known, and was only to be looked up. */
    KEY_UNKNOWN,
    /** Not committed: a constraint, a trigger or a type of the database refused a row. */
    REFUSED,
    /** Not committed: a unique or exclusion constraint refused a row. */
    CONFLICT,
    /** Not committed: the table accepts no rows at all until an operator repairs it. */
    TABLE_BROKEN,
    /**
     * Not committed until the ack timeout: the database was unavailable, what the rows need was
     * locked, or each attempt failed in a way that may pass.
     */
    UNAVAILABLE,
    /**
     * Not committed: the requests that wait, as this would have to, fill their share of the buffer.
     */
    BUFFER_FULL,
    /** Not committed: the service stopped before it wrote the rows. */
    STOPPED,
    /**
     * Unknown: the connection was lost during COMMIT, and the transaction status is unknown; or the
     * writer failed in a way that should not occur.
     */
    UNKNOWN;

    /** Whether the database has decided; otherwise a timeout, a limit or a stop has. */
    public boolean isOfDatabase() {
      return switch (this) {
        case UNAVAILABLE, BUFFER_FULL, STOPPED, UNKNOWN -> false;
        default -> true;
      };
    }

    /** Whether the Idempotency-Key alone was decisive, so that no row was to be written. */
    public boolean isOfKey() {
      return this == REPLAYED || this == KEY_REUSED || this == KEY_UNKNOWN;
    }
  }

  public static final int NO_EVENT = -1;

  public static final Outcome STORED = of(Kind.STORED);
  public static final Outcome REPLAYED = of(Kind.REPLAYED);
  public static final Outcome KEY_REUSED = of(Kind.KEY_REUSED);
  public static final Outcome KEY_UNKNOWN = of(Kind.KEY_UNKNOWN);
  public static final Outcome UNAVAILABLE = of(Kind.UNAVAILABLE);
  public static final Outcome STOPPED = of(Kind.STOPPED);
  public static final Outcome UNKNOWN = of(Kind.UNKNOWN);

  /**
   * Committed earlier, with the same Idempotency-Key.
   *
   * @param answer the body of the answer, or null if that is empty
   */
  public static Outcome replayed(@Nullable String answer) {
    return answer == null ? REPLAYED : new Outcome(Kind.REPLAYED, answer, NO_EVENT);
  }

  /**
   * Not committed until the ack timeout.
   *
   * @param reason why, for the operators
   */
  public static Outcome unavailable(String reason) {
    return new Outcome(Kind.UNAVAILABLE, null, reason, NO_EVENT);
  }

  /**
   * Not committed, as it would have to wait, and there is no room for that.
   *
   * @param reason why, for the operators
   */
  public static Outcome bufferFull(String reason) {
    return new Outcome(Kind.BUFFER_FULL, null, reason, NO_EVENT);
  }

  private static Outcome of(Kind kind) {
    return new Outcome(kind, null, NO_EVENT);
  }
}
