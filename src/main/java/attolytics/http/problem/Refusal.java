package attolytics.http.problem;

import attolytics.decode.EventError;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request that is refused.
 *
 * @param detail what is wrong with this request, or null for the problem's own advice
 * @param errors what is wrong with its events
 * @param events how many events are refused with it, as far as they were counted
 * @param cause the first error of an event, also where the answer has no list of them, or null
 * @param why for the operators, if the answer does not say it: nothing of a value; or null
 */
public record Refusal(
    Problem problem,
    @Nullable String detail,
    List<EventError> errors,
    int events,
    @Nullable EventError cause,
    @Nullable String why) {
  public Refusal(Problem problem, @Nullable String detail, List<EventError> errors, int events) {
    this(problem, detail, errors, events, errors.isEmpty() ? null : errors.get(0), null);
  }

  public static Refusal of(Problem problem, @Nullable String detail) {
    return of(problem, detail, 0);
  }

  public static Refusal of(Problem problem, @Nullable String detail, int events) {
    return new Refusal(problem, detail, List.of(), events);
  }

  /**
   * For an event whose table is not one of the app's.
   *
   * @param more the end of the detail, or empty
   */
  public static Refusal unknownTable(EventError error, String more, int events) {
    return new Refusal(
        Problem.UNKNOWN_TABLE, error.detail() + more, List.of(), events, error, null);
  }

  /** The same, for a reason that the operators are interested in. */
  public Refusal because(@Nullable String reason) {
    return new Refusal(problem, detail, errors, events, cause, reason);
  }

  /** For a request that finds too little memory free. */
  public static Refusal bufferFull(int events, String why) {
    return of(Problem.BUFFER_FULL, null, events).because(why);
  }

  /** For a body that is larger than any may be. */
  public static Refusal bodyTooLarge(int maxBody) {
    return of(
        Problem.BODY_TOO_LARGE,
        "the maximum is " + maxBody + " bytes, before and after decompression");
  }

  /** About how much memory it takes. */
  public int heapBytes() {
    return errors.stream().mapToInt(EventError::heapBytes).sum();
  }

  /**
   * What is wrong, or what to do about it, without anything of a value: without the words of the
   * database, whose functions and types may quote the row.
   */
  public String reason() {
    if (cause != null) {
      return cause.reason();
    }
    if (why != null) {
      return why;
    }
    if (problem.isOurs() && detail == null) {
      return problem.title();
    }
    boolean mayQuote = problem == Problem.REFUSED_BY_DATABASE || problem == Problem.CONFLICT;
    return detail == null || mayQuote ? problem.advice() : detail;
  }

  /** For a request that needs more memory than there is when no other request needs any. */
  public static Refusal tooLargeForBuffer() {
    return of(
        Problem.BODY_TOO_LARGE, "the headers and the body need more memory than the buffer has");
  }
}
