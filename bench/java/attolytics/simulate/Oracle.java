package attolytics.simulate;

import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.simulate.Excuses.Effect;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Compares what clients are told with what the server holds, and with what was broken when: by the
 * rules of the torture test, but exactly, and at the time of the answer.
 */
final class Oracle {
  /** How long after its end an effect may be felt. */
  private static final long ECHO_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final World world;
  private final Server server;
  private final Excuses excuses;
  private final long ackTimeout;
  private final long lateNanos;
  private final Innocence innocence;
  private final Map<Long, Integer> uses = new HashMap<>(); // of unique values

  Oracle(World world) {
    this.world = world;
    this.server = world.server();
    this.excuses = world.excuses();
    this.ackTimeout = world.plan().setup().ackTimeoutNanos();
    this.lateNanos = Lateness.boundOf(world.plan());
    this.innocence = new Innocence(world.plan());
    for (Plan.Request request : world.plan().requests()) {
      request.rows().forEach(row -> uses.merge(World.value(row), 1, Integer::sum));
    }
  }

  private void find(@Nullable String what, Attempt attempt) {
    if (what != null) {
      world.findings().add(what, attempt);
    }
  }

  /** Judges an answer when it is given. */
  void answered(Attempt attempt) {
    Outcome outcome = attempt.outcome();
    if (outcome == null) {
      return;
    }
    if (outcome.kind() == Outcome.Kind.STORED) {
      find(wrongStored(attempt), attempt);
    } else if (outcome.kind() == Outcome.Kind.REPLAYED) {
      find(wrongReplay(attempt, outcome), attempt);
    }
  }

  /** What the rows of an attempt are that is stored. */
  private record Written(int stored, int quarantined, int leftOut, int missing, int times) {}

  private Written written(Attempt attempt) {
    int stored = 0;
    int quarantined = 0;
    int leftOut = 0;
    int missing = 0;
    Set<Long> xids = new HashSet<>();
    List<Plan.Row> rows = attempt.request().rows();
    for (int i = 0; i < rows.size(); i++) {
      int found = 0;
      for (Server.Stored each : server.stored(Attempt.rowId(attempt.request(), i))) {
        if (each.attempt() == attempt) {
          found++;
          xids.add(each.xid());
          quarantined += each.quarantined() ? 1 : 0;
          stored += each.quarantined() ? 0 : 1;
        }
      }
      boolean isLeftOut =
          rows.get(i).table() == Plan.Kind.CLICKS && server.isCommitted(World.value(rows.get(i)));
      if (found == 0) {
        leftOut += isLeftOut ? 1 : 0;
        missing += isLeftOut ? 0 : 1;
      }
    }
    return new Written(stored, quarantined, leftOut, missing, xids.size());
  }

  private @Nullable String wrongStored(Attempt attempt) {
    Written written = written(attempt);
    if (attempt.request().hasFatalRow() && written.stored + written.leftOut == rows(attempt)) {
      return "a 200 for a request that has to be refused";
    }
    if (written.missing > 0) {
      return written.stored == 0 ? "a 200, and no rows" : "a request in part";
    }
    if (written.times > 1) {
      return "a request in several transactions";
    }
    Leniency leniency = attempt.leniency();
    if (leniency == null) {
      return written.quarantined > 0 ? "an event in quarantine that was not to be" : null;
    }
    String answer = leniency.answer(attempt.batch().duplicates());
    String truth = Leniency.answer(written.stored, written.leftOut, written.quarantined);
    return answer.equals(truth) ? null : "an answer that counts wrongly";
  }

  private static int rows(Attempt attempt) {
    return attempt.request().rows().size();
  }

  private @Nullable String wrongReplay(Attempt attempt, Outcome outcome) {
    IdempotencyKey key = attempt.batch().key();
    Server.Key stored = key == null ? null : server.keys().get(key);
    if (stored == null || !stored.isCommitted()) {
      return "a replay of what was never stored, or refused";
    }
    if (!isSameRequest(stored.attempt(), attempt)) {
      return "a replay of another request";
    }
    return Objects.equals(stored.answer(), outcome.detail())
        ? null
        : "a replay with another answer";
  }

  private static boolean isSameRequest(Attempt one, Attempt other) {
    return one.request().number() == other.request().number();
  }

  /** Judges everything at the end. */
  void judge(List<Attempt> attempts) {
    Map<Integer, Set<Attempt>> writers = new HashMap<>();
    server
        .rows()
        .forEach(
            (id, stored) -> {
              if (stored.size() > 1) {
                world
                    .findings()
                    .add("a row twice", "row " + id % Attempt.MAX_ROWS + " of " + stored);
              }
              for (Server.Stored each : stored) {
                writers
                    .computeIfAbsent(each.attempt().request().number(), none -> new HashSet<>())
                    .add(each.attempt());
              }
            });
    writers
        .values()
        .forEach(
            each -> {
              if (each.size() > 1) {
                world.findings().add("a request stored twice", each);
              }
            });
    attempts.forEach(attempt -> judgeRows(attempt, writers));
    attempts.forEach(attempt -> find(wrongAnswer(attempt), attempt));
    judgeAnswers(attempts);
    judgeKeys();
  }

  private void judgeRows(Attempt attempt, Map<Integer, Set<Attempt>> writers) {
    boolean isThere = writers.getOrDefault(attempt.request().number(), Set.of()).contains(attempt);
    Written written = written(attempt);
    if (isThere && written.missing > 0) {
      find("a request in part", attempt);
    } else if (isThere && isRefused(attempt)) {
      find("refused, and yet stored", attempt);
    } else if (isThere && !attempt.request().isLenient() && attempt.request().hasFatalRow()) {
      find("a request that has to be refused is stored", attempt);
    }
  }

  private static boolean isRefused(Attempt attempt) {
    return !attempt.isAmbiguous()
        && !attempt.was(Outcome.Kind.STORED)
        && !attempt.was(Outcome.Kind.REPLAYED);
  }

  /** What the answers to requests say, taken together. */
  private void judgeAnswers(List<Attempt> attempts) {
    Set<Object> stored = new HashSet<>();
    for (Attempt attempt : attempts) {
      Object identity =
          attempt.batch().key() == null ? attempt.request().number() : attempt.batch().key();
      if (attempt.was(Outcome.Kind.STORED) && !stored.add(identity)) {
        find("stored twice, by its answers", attempt);
      }
    }
  }

  private void judgeKeys() {
    server
        .keys()
        .values()
        .forEach(
            key -> {
              if (isRefused(key.attempt())) {
                find("a refused request has used its key up", key.attempt());
              } else if (written(key.attempt()).missing > 0) {
                find("a key without its rows", key.attempt());
              }
            });
  }

  private @Nullable String wrongAnswer(Attempt attempt) {
    Outcome outcome = attempt.outcome();
    if (outcome == null) {
      return attempt.isPending() ? "no answer" : null;
    }
    long took = attempt.to() - attempt.from();
    long without = excuses.nanosWithout(attempt);
    if (took > ackTimeout + slack(attempt)) {
      return "an answer comes too late";
    }
    if (innocence.isInnocent(attempt.request()) && without > lateNanos) {
      return "an answer is late although nothing was wrong";
    }
    if (attempt.request().isLenient() && isOfOneEvent(outcome)) {
      return "a lenient request refused for one event";
    }
    return switch (outcome.kind()) {
      case STORED, REPLAYED -> null;
      case KEY_REUSED -> wrongReuse(attempt);
      case KEY_UNKNOWN -> "a lookup of a key that is to be used";
      case REFUSED -> attempt.request().hasTrouble() ? null : "a 400 for another cause";
      case CONFLICT ->
          attempt.request().hasTrouble() || mayConflict(attempt) ? null : "a 409 for another cause";
      case TABLE_BROKEN ->
          attempt.request().hasTrouble() || felt(Effect.BROKEN, attempt)
              ? null
              : "a 500 for a table that is whole";
      case UNAVAILABLE -> wrongUnavailable(attempt, took, without);
      case STOPPED ->
          felt(Effect.ABANDONED, attempt) ? null : "a 503 for a stop that there was not";
      case UNKNOWN -> wrongUnknown(attempt, took);
    };
  }

  private static boolean isOfOneEvent(Outcome outcome) {
    boolean isRefusal =
        outcome.kind() == Outcome.Kind.REFUSED || outcome.kind() == Outcome.Kind.CONFLICT;
    return isRefusal && outcome.event() != Outcome.NO_EVENT;
  }

  /** How late an answer may be: a silent connection is given up only after some time. */
  private long slack(Attempt attempt) {
    if (felt(Effect.FROZEN, attempt)) {
      return Long.MAX_VALUE / 2;
    }
    return felt(Effect.AWAY, attempt) ? ackTimeout / 2 + lateNanos : lateNanos;
  }

  private boolean felt(Effect effect, Attempt attempt) {
    return excuses.felt(effect, attempt, ECHO_NANOS);
  }

  private @Nullable String wrongReuse(Attempt attempt) {
    IdempotencyKey key = attempt.batch().key();
    Server.Key stored = key == null ? null : server.keys().get(key);
    return stored != null && !isSameRequest(stored.attempt(), attempt)
        ? null
        : "a 422 for another cause";
  }

  private boolean mayConflict(Attempt attempt) {
    return attempt.request().rows().stream()
        .anyMatch(
            row -> row.table() == Plan.Kind.ORDERS && uses.getOrDefault(World.value(row), 0) > 1);
  }

  private @Nullable String wrongUnavailable(Attempt attempt, long took, long without) {
    if (took < ackTimeout) {
      return "a 503 before the ack timeout";
    }
    if (without <= lateNanos) {
      return null;
    }
    if (Innocence.isRefusedAtOnce(attempt.request())) {
      return "a 503 for a row that has to be refused";
    }
    return innocence.isInnocent(attempt.request()) ? "a 503 although nothing was wrong" : null;
  }

  /** What became of a COMMIT can be learnt, but for a crash or a lack of time. */
  private @Nullable String wrongUnknown(Attempt attempt, long took) {
    if (felt(Effect.OUT_OF_MEMORY, attempt) || felt(Effect.ABANDONED, attempt)) {
      return null;
    }
    if (innocence.isInnocent(attempt.request()) && !felt(Effect.AWAY, attempt)) {
      return "a 504 although nothing was wrong";
    }
    return took >= ackTimeout || felt(Effect.CRASHED, attempt)
        ? null
        : "a 504 before the ack timeout";
  }
}
