package attolytics.http;

import attolytics.buffer.Outcome;
import attolytics.decode.EventError;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Why a request is refused once a writer has settled it.
 *
 * @param handling of invalid events
 * @param preference of the client
 * @param unlessRepeat why it is refused unless its key is known, or null
 */
record OutcomeCheck(
    Handling handling, @Nullable Preference preference, @Nullable Refusal unlessRepeat) {
  @Nullable Refusal refusal(Outcome known, int events) {
    return switch (known.kind()) {
      case KEY_UNKNOWN, KEY_REUSED ->
          unlessRepeat == null ? of(known, known.detail(), events) : unlessRepeat;
      case REPLAYED -> mayBeMistaken(known) ? keyReused(events) : null;
      case REFUSED, CONFLICT -> of(known, withWhyStrict(known.detail()), events);
      default -> of(known, known.detail(), events);
    };
  }

  /** A client that prefers strict handling takes a 200 for the success of all of its events. */
  private boolean mayBeMistaken(Outcome replayed) {
    return replayed.detail() != null && preference == Preference.STRICT;
  }

  private static Refusal keyReused(int events) {
    return Refusal.of(Problem.IDEMPOTENCY_KEY_REUSED, null, events);
  }

  private @Nullable String withWhyStrict(@Nullable String detail) {
    return detail == null ? null : detail + handling.whyStrict();
  }

  private static @Nullable Refusal of(Outcome known, @Nullable String detail, int events) {
    Problem problem = Problem.of(known.kind());
    return problem == null
        ? null
        : new Refusal(problem, detail, errors(known), events).because(known.reason());
  }

  /** The event that the database refused, where it is known. */
  private static List<EventError> errors(Outcome known) {
    int event = known.event();
    String detail = known.detail();
    return event == Outcome.NO_EVENT || detail == null
        ? List.of()
        : List.of(
            new EventError(
                event,
                "/events/" + event,
                "refused_by_database",
                detail,
                Objects.requireNonNullElse(known.reason(), "the database refused it"),
                null));
  }
}
