package attolytics.torture;

/**
 * A request sent once, and what came of it. Times are those of {@link System#nanoTime()}.
 *
 * @param instance it was sent to
 * @param generation how many times that instance had been started
 * @param from when it began
 * @param written when all of it was sent, or 0 if that failed
 * @param to when it was answered or given up
 * @param status of the answer; else what became of it, one of the constants
 * @param reason of the problem document, or the error, or empty
 * @param replayed whether the answer had Idempotency-Replayed
 * @param retryAfter seconds, or -1
 * @param body of the answer to a request that was handled leniently, else empty
 */
record Attempt(
    int instance,
    int generation,
    long from,
    long written,
    long to,
    int status,
    String reason,
    boolean replayed,
    int retryAfter,
    String body) {
  /** No connection: it was certainly not received. */
  static final int REFUSED = 0;

  /** The connection broke before the answer. */
  static final int BROKEN = -1;

  /** No answer in time. */
  static final int TIMED_OUT = -2;

  /** The client left before the answer. */
  static final int LEFT = -3;

  /** The client left in the middle of the body. */
  static final int HALF_SENT = -4;

  boolean answered() {
    return status > 0;
  }

  /** Whether the rows may be stored, as far as the client can tell. */
  boolean ambiguous() {
    return status == BROKEN || status == TIMED_OUT || status == LEFT || status == 504;
  }

  /** Whether there is no use in sending it again. */
  boolean settled() {
    return status == 200 || (status >= 400 && status < 500 && status != 408);
  }

  /** Whether it is refused for what one of its events is. */
  boolean isRefusedForEvents() {
    return reason.equals("invalid_events")
        || reason.equals("unknown_table")
        || reason.equals("refused_by_database")
        || reason.equals("conflict");
  }

  String outcome() {
    String what =
        switch (status) {
          case REFUSED -> "no connection";
          case BROKEN -> "connection broken";
          case TIMED_OUT -> "no answer in time";
          case LEFT -> "client left";
          case HALF_SENT -> "client left in the middle of the body";
          default -> Integer.toString(status);
        };
    return what + (reason.isEmpty() ? "" : " " + reason) + (replayed ? " replayed" : "");
  }
}
