package attolytics.torture;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Judges what answers say of each event: stored, left out as a duplicate, or in quarantine. Used by
 * one thread.
 */
final class LenientOracle {
  private final Ledger ledger;
  private final Timeline timeline;

  LenientOracle(Ledger ledger, Timeline timeline) {
    this.ledger = ledger;
    this.timeline = timeline;
  }

  /** What is wrong with the answers to a request. */
  List<String> wrong(Request request) {
    if (!request.handling().isLenient()) {
      return List.of();
    }
    List<String> wrong = new ArrayList<>();
    Set<String> bodies = new HashSet<>();
    for (Attempt attempt : request.attempts()) {
      if (attempt.status() == 200 && bodies.add(attempt.body())) {
        LenientAnswer answer = LenientAnswer.parse(attempt.body());
        if (answer != null) {
          add(wrong, wrongCounts(request, answer));
          add(wrong, wrongCodes(request, answer));
          add(wrong, wrongDuplicates(request, answer));
        } else if (!wasHandledStrictly(request)) {
          wrong.add("an answer does not count the events");
        }
      }
    }
    if (bodies.size() > 1) {
      wrong.add("a repeat gets another answer");
    }
    return wrong;
  }

  /** As the quarantine was full: its events are all valid. */
  private boolean wasHandledStrictly(Request request) {
    return request.payload().sent().stream().noneMatch(Event::isHopeless)
        && request.attempts().stream()
            .anyMatch(attempt -> AnswerOracle.isQuarantineFull(timeline, attempt));
  }

  private static void add(List<String> wrong, @Nullable String what) {
    if (what != null) {
      wrong.add(what);
    }
  }

  private static @Nullable String wrongCounts(Request request, LenientAnswer answer) {
    int counted = answer.stored() + answer.duplicates() + answer.quarantined();
    return counted == request.payload().sent().size()
            && answer.codes().size() == answer.quarantined()
        ? null
        : "an answer counts other events than were sent";
  }

  private static @Nullable String wrongCodes(Request request, LenientAnswer answer) {
    List<Event> sent = request.payload().sent();
    for (int i = 0; i < sent.size(); i++) {
      String code = answer.codes().get(i);
      String expected = sent.get(i).code();
      if (code == null ? sent.get(i).isHopeless() : !code.equals(expected)) {
        return "an answer names the wrong events";
      }
    }
    return null;
  }

  /** Which rows were there already is not always known. */
  private @Nullable String wrongDuplicates(Request request, LenientAnswer answer) {
    int certain = 0;
    int possible = 0;
    Set<Long> seen = new HashSet<>();
    List<Event> sent = request.payload().sent();
    for (int i = 0; i < sent.size(); i++) {
      Event event = sent.get(i);
      if (event.table() == Database.DEDUPLICATED && !answer.codes().containsKey(i)) {
        boolean again = !seen.add(event.id());
        certain += again || wasStoredBefore(event, request) ? 1 : 0;
        possible += again || mayHaveBeenStored(event, request) ? 1 : 0;
      }
    }
    return answer.duplicates() < certain || answer.duplicates() > possible
        ? "an answer counts the wrong number of duplicates"
        : null;
  }

  /** Whether another request that has the event was acknowledged before this one was sent. */
  private boolean wasStoredBefore(Event event, Request request) {
    long now = System.nanoTime();
    long from =
        now
            + request.attempts().stream()
                .mapToLong(attempt -> attempt.from() - now)
                .min()
                .orElse(0);
    return others(event, request)
        .flatMap(other -> other.attempts().stream().filter(a -> stores(a, event, other)))
        .anyMatch(attempt -> attempt.to() - from < 0);
  }

  /** Whether a request that has the event is stored with it, by that answer. */
  private static boolean stores(Attempt attempt, Event event, Request request) {
    if (attempt.status() != 200) {
      return false;
    }
    LenientAnswer answer = LenientAnswer.parse(attempt.body());
    int place = request.payload().sent().indexOf(event);
    return answer == null || !answer.codes().containsKey(place);
  }

  private boolean mayHaveBeenStored(Event event, Request request) {
    return others(event, request).anyMatch(other -> !other.attempts().isEmpty());
  }

  private Stream<Request> others(Event event, Request request) {
    return Stream.concat(
            Stream.ofNullable(ledger.requests().get(event.request())),
            ledger.repeating().getOrDefault(event.id(), List.of()).stream())
        .filter(other -> other != request);
  }
}
