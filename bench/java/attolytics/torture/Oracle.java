package attolytics.torture;

import attolytics.torture.Timeline.Effect;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Compares what clients were told with what the database holds, and with what was broken when. Used
 * by one thread.
 */
final class Oracle {
  private final Scene scene;
  private final Findings findings;
  private final Contents contents;
  private final AnswerOracle answers;
  private final LenientOracle lenient;

  /** By request, the numbers of its events that other requests have again, as a set of bits. */
  private final Map<Long, Long> shared = new HashMap<>();

  /** Reads what the database holds; no request may be under way any more. */
  Oracle(Scene scene) throws SQLException {
    this.scene = scene;
    this.findings = scene.findings();
    this.contents = Contents.read(scene);
    this.answers = new AnswerOracle(scene);
    this.lenient = new LenientOracle(scene.ledger(), scene.timeline());
  }

  /** Rows that the database holds. */
  long rows() {
    return contents.rows();
  }

  /** Judges all requests. */
  void judge() {
    scene.ledger().repeating().forEach(this::judgeRepeated);
    for (Request request : scene.ledger().requests().values()) {
      judgeRows(request, contents.of(request.id()));
      judgeQuarantine(request, contents.of(request.id()));
      judgeAnswers(request);
      for (String wrong : lenient.wrong(request)) {
        add(wrong, request);
      }
      for (Attempt attempt : request.attempts()) {
        String wrong = answers.wrong(request, attempt);
        if (wrong != null) {
          add(wrong, request);
        }
      }
    }
    contents.reportOthers(scene.ledger().requests().keySet());
  }

  private void add(String what, Request request) {
    findings.add(what, history(request, scene));
  }

  /** An event that is in several requests, or several times in one. */
  private void judgeRepeated(long id, List<Request> repeating) {
    long owner = id / Long.SIZE;
    long bit = 1L << (id % Long.SIZE);
    if (repeating.stream().anyMatch(request -> request.id() != owner)) {
      shared.merge(owner, bit, (some, more) -> some | more);
    }
    Request first = scene.ledger().requests().get(owner);
    List<Request> all = Stream.concat(Stream.ofNullable(first), repeating.stream()).toList();
    boolean stored = (contents.of(owner).stored(Database.DEDUPLICATED) & bit) != 0;
    for (Request request : all) {
      if (request.isAcknowledged() && !stored) {
        add("a 200, and no row of an event that was sent again", request);
      }
    }
    if (stored && all.stream().noneMatch(each -> each.isAcknowledged() || each.isAmbiguous())) {
      all.forEach(
          request -> add("an event that was sent again is refused, and yet stored", request));
    }
  }

  private void judgeRows(Request request, Contents.Of found) {
    Payload payload = request.payload();
    boolean whole = found.hopeless() == payload.hopeless();
    boolean any = found.hopeless() != 0;
    boolean invalid = found.strangers() > 0;
    for (int table = 0; table < Database.TABLES.size(); table++) {
      long valid = payload.rows(table);
      long others = table == Database.DEDUPLICATED ? shared.getOrDefault(request.id(), 0L) : 0;
      whole &= found.stored(table) == valid;
      any |= (found.stored(table) & ~others) != 0;
      invalid |= (found.stored(table) & ~valid) != 0;
    }
    String what = null;
    if (found.rows() > found.distinct()) {
      what = "a row twice";
    } else if (invalid) {
      what = "an event is stored that may not be";
    } else if (any && !whole) {
      what = "a request in part";
    } else if (request.isAcknowledged() && !whole) {
      what = "a 200, and no rows";
    } else if (any && request.isBad()) {
      what = "a request that has to be refused is stored";
    } else if (any && !request.isAcknowledged() && !request.isAmbiguous()) {
      what = "refused, and yet stored";
    }
    if (what != null) {
      String counts =
          "%d rows, %d different ones, %d events in quarantine\n"
              .formatted(found.rows(), found.distinct(), Long.bitCount(found.hopeless()));
      findings.add(what, counts + history(request, scene));
    }
  }

  private void judgeQuarantine(Request request, Contents.Of found) {
    if (found.isTwiceInQuarantine()) {
      add("an event twice in quarantine", request);
    }
    if ((found.hopeless() & ~request.payload().hopeless()) != 0) {
      add("an event is in quarantine that may not be", request);
    }
    for (Event event : request.payload().sent()) {
      String code = event.request() == request.id() ? found.code(event.number()) : null;
      if (code != null && !code.equals(event.code())) {
        add("an event is in quarantine for " + code + ", and not for " + event.code(), request);
      }
    }
  }

  /** What the answers say, taken together. */
  private void judgeAnswers(Request request) {
    List<Attempt> attempts = request.attempts();
    int first = 0;
    int refused = 0;
    boolean maybeStored = false;
    boolean replayedAtOnce = false;
    for (Attempt attempt : attempts) {
      // After a crash only the key tells, and not which attempt it was that stored it.
      if (attempt.status() == 200
          && attempt.replayed()
          && !maybeStored
          && !scene
              .timeline()
              .felt(Effect.CRASHED, attempt.instance(), attempt.from(), attempt.to())) {
        replayedAtOnce = true;
      }
      if (attempt.status() == 200 && !attempt.replayed()) {
        first++;
      }
      maybeStored |= attempt.ambiguous() || attempt.status() == 200;
      refused += attempt.status() == 422 ? 1 : 0;
    }
    if (first > 1) {
      findings.add("stored twice, by its answers", history(request, scene));
    }
    if (replayedAtOnce && request.kind() != Request.Kind.TWICE) {
      findings.add("a replay of what was never stored, or refused", history(request, scene));
    }
    Request rival = request.rival();
    if (rival != null && refused + refusals(rival) != 1) {
      findings.add(
          "not one of two rivals was refused",
          history(request, scene) + "\n" + history(rival, scene));
    }
  }

  private static int refusals(Request request) {
    return (int) request.attempts().stream().filter(attempt -> attempt.status() == 422).count();
  }

  /** All that is known about a request. */
  static String history(Request request, Scene scene) {
    StringBuilder text = new StringBuilder();
    text.append("request ").append(request.id()).append(", ").append(request.kind());
    text.append(request.key() == null ? "" : ", key " + request.key());
    if (request.refusal() != 0) {
      text.append(", to be refused");
      text.append(request.refusal() == Request.ANY_REFUSAL ? "" : " with " + request.refusal());
    }
    text.append(request.handling() == Handling.STRICT ? "" : ", " + request.handling());
    for (int table = 0; table < Database.TABLES.size(); table++) {
      int count = Long.bitCount(request.payload().rows(table));
      text.append(count == 0 ? "" : ", " + count + " of " + Database.TABLES.get(table));
    }
    int invalid = Long.bitCount(request.payload().hopeless());
    text.append(invalid == 0 ? "" : ", " + invalid + " that are invalid for ever");
    int again = request.payload().repeats().size();
    text.append(again == 0 ? "" : ", " + again + " again");
    for (Attempt attempt : request.attempts()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%n%s service-%d-%d for %.3f s: %s",
              scene.timeline().at(attempt.from()),
              attempt.instance(),
              attempt.generation() - 1,
              (attempt.to() - attempt.from()) / 1e9,
              attempt.outcome()));
      text.append(attempt.body().isEmpty() ? "" : " " + attempt.body());
    }
    return text.toString();
  }
}
