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
 */
public record Refusal(
    Problem problem, @Nullable String detail, List<EventError> errors, int events) {
  public static Refusal of(Problem problem, @Nullable String detail) {
    return of(problem, detail, 0);
  }

  public static Refusal of(Problem problem, @Nullable String detail, int events) {
    return new Refusal(problem, detail, List.of(), events);
  }

  /** For a body that is larger than any may be. */
  public static Refusal bodyTooLarge(int maxBody) {
    return of(
        Problem.BODY_TOO_LARGE,
        "the maximum is " + maxBody + " bytes, before and after decompression");
  }

  /** For a request that needs more memory than there is when no other request needs any. */
  public static Refusal tooLargeForBuffer() {
    return of(
        Problem.BODY_TOO_LARGE, "the headers and the body need more memory than the buffer has");
  }
}
