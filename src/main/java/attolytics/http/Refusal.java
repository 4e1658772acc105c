package attolytics.http;

import attolytics.decode.EventError;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A refused request's answer.
 *
 * @param detail what is wrong with this very request, or null
 * @param errors what is wrong with its events
 * @param events how many events are lost with it, as far as known
 */
record Refusal(Problem problem, @Nullable String detail, List<EventError> errors, int events) {
  static Refusal of(Problem problem, @Nullable String detail) {
    return new Refusal(problem, detail, List.of(), 0);
  }

  static Refusal of(Problem problem, @Nullable String detail, int events) {
    return new Refusal(problem, detail, List.of(), events);
  }
}
