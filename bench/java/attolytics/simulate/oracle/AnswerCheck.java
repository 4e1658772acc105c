package attolytics.simulate.oracle;

import attolytics.buffer.IdempotencyKey;
import attolytics.buffer.Outcome;
import attolytics.simulate.oracle.FaultHistory.Effect;
import attolytics.simulate.plan.Plan;
import attolytics.simulate.server.Server;
import attolytics.simulate.workload.Attempt;
import attolytics.simulate.workload.ModelTable;
import attolytics.simulate.workload.Request;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Checks that an answer is one that may be given for what was broken meanwhile, and in time. */
final class AnswerCheck {
  /** How long after its end an effect may be felt. */
  private static final long ECHO_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final Server server;
  private final FaultHistory faultHistory;
  private final long deferredBytes;
  private final long ackTimeout;
  private final long lateNanos;
  private final Isolation isolation;
  private final Map<Long, Integer> uses = new HashMap<>(); // of unique values

  AnswerCheck(Plan plan, Server server, FaultHistory faultHistory) {
    this.server = server;
    this.faultHistory = faultHistory;
    this.deferredBytes = plan.setup().deferredBytes();
    this.ackTimeout = plan.setup().ackTimeoutNanos();
    this.lateNanos = LatencyBound.of(plan);
    this.isolation = new Isolation(plan);
    for (Request request : plan.requests()) {
      request.rows().forEach(row -> uses.merge(row.value(), 1, Integer::sum));
    }
  }

  /** What is wrong with the answer, or null. */
  @Nullable String wrongAnswer(Attempt attempt) {
    Outcome outcome = attempt.outcome();
    if (outcome == null) {
      return attempt.isPending() ? "no answer" : null;
    }
    Request request = attempt.request();
    if (took(attempt) > ackTimeout + slack(attempt)) {
      return "an answer comes too late";
    }
    if (isolation.isUnaffected(request) && isLate(attempt)) {
      return "an answer is late although nothing was wrong";
    }
    if (request.isLenient() && isOfOneEvent(outcome)) {
      return "a lenient request refused for one event";
    }
    return switch (outcome.kind()) {
      case STORED, REPLAYED -> null;
      case KEY_REUSED -> wrongReuse(attempt);
      case KEY_UNKNOWN -> "a lookup of a key that is to be used";
      case REFUSED -> request.hasRowFault() ? null : "a 400 for another cause";
      case CONFLICT ->
          request.hasRowFault() || mayConflict(request) ? null : "a 409 for another cause";
      case TABLE_BROKEN ->
          request.hasRowFault() || felt(Effect.BROKEN, attempt)
              ? null
              : "a 500 for a table that is whole";
      case UNAVAILABLE -> wrongUnavailable(attempt);
      case BUFFER_FULL -> null; // judged when it was given
      case STOPPED ->
          felt(Effect.ABANDONED, attempt) ? null : "a 503 for a stop that there was not";
      case UNKNOWN -> wrongUnknown(attempt);
    };
  }

  /** What is wrong with a 503 for a full buffer that is given now, or null. */
  @Nullable String wrongBufferFull(Attempt attempt, long pendingBytes) {
    return attempt.was(Outcome.Kind.BUFFER_FULL) && pendingBytes <= deferredBytes
        ? "a 503 for a buffer that is not full"
        : null;
  }

  private static long took(Attempt attempt) {
    return attempt.to() - attempt.from();
  }

  private boolean isLate(Attempt attempt) {
    return faultHistory.nanosWithout(attempt) > lateNanos;
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
    return faultHistory.felt(effect, attempt, ECHO_NANOS);
  }

  private @Nullable String wrongReuse(Attempt attempt) {
    IdempotencyKey key = attempt.batch().key();
    Server.Key stored = key == null ? null : server.keys().get(key);
    return stored != null && !stored.isOf(attempt.request()) ? null : "a 422 for another cause";
  }

  private boolean mayConflict(Request request) {
    return request.rows().stream()
        .anyMatch(row -> row.table() == ModelTable.ORDERS && uses.getOrDefault(row.value(), 0) > 1);
  }

  private @Nullable String wrongUnavailable(Attempt attempt) {
    if (took(attempt) < ackTimeout) {
      return "a 503 before the ack timeout";
    }
    if (!isLate(attempt)) {
      return null;
    }
    if (Isolation.isRefusedAtOnce(attempt.request())) {
      return "a 503 for a row that has to be refused";
    }
    return isolation.isUnaffected(attempt.request()) ? "a 503 although nothing was wrong" : null;
  }

  /** What became of a COMMIT can be learnt, but for a crash or a lack of time. */
  private @Nullable String wrongUnknown(Attempt attempt) {
    if (felt(Effect.OUT_OF_MEMORY, attempt) || felt(Effect.ABANDONED, attempt)) {
      return null;
    }
    if (isolation.isUnaffected(attempt.request()) && !felt(Effect.AWAY, attempt)) {
      return "a 504 although nothing was wrong";
    }
    return took(attempt) >= ackTimeout || felt(Effect.CRASHED, attempt)
        ? null
        : "a 504 before the ack timeout";
  }
}
