package attolytics.torture;

import attolytics.torture.Timeline.Effect;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Compares answers, and their absence, with what was broken at the time. Used by one thread. */
final class AnswerOracle {
  /** How much sooner than the ack timeout a request may be told that the database is away. */
  private static final long TOO_SOON_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /**
   * How long a request may wait although nothing is wrong: one lock timeout of the service, and
   * what a flush and its next attempt take. If the database is away for the rest of its time, it
   * gets a 503.
   */
  private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private static final Set<Effect> AWAY =
      EnumSet.of(Effect.DATABASE_AWAY, Effect.TABLE_LOCKED, Effect.FROZEN);

  private static final Set<Effect> SLOWING =
      EnumSet.complementOf(EnumSet.of(Effect.KILLED, Effect.CRASHED, Effect.QUARANTINE_FULL));

  private final Scene scene;
  private final Timeline timeline;

  AnswerOracle(Scene scene) {
    this.scene = scene;
    this.timeline = scene.timeline();
  }

  /** What is wrong with what came of an attempt at that time, or null. */
  @Nullable String wrong(Request request, Attempt attempt) {
    return attempt.answered() ? wrongAnswer(request, attempt) : wrongSilence(attempt);
  }

  private @Nullable String wrongSilence(Attempt attempt) {
    int instance = attempt.instance();
    long from = attempt.from();
    long to = attempt.to();
    return switch (attempt.status()) {
      case Attempt.REFUSED ->
          timeline.felt(Effect.DOWN, instance, from, to)
                  || timeline.felt(Effect.STOPPING, instance, from, to)
              ? null
              : "no connection to an instance that runs";
      case Attempt.BROKEN ->
          timeline.felt(Effect.KILLED, instance, from, to)
                  || timeline.began(
                      Effect.STOPPING,
                      instance,
                      attempt.written() == 0 ? to : attempt.written(),
                      to)
              ? null
              : "a connection broken without an answer";
      case Attempt.TIMED_OUT -> "no answer";
      default -> null;
    };
  }

  private @Nullable String wrongAnswer(Request request, Attempt attempt) {
    long frozen =
        timeline.duration(Effect.FROZEN, attempt.instance(), attempt.from(), attempt.to());
    long took = attempt.to() - attempt.from() - frozen;
    Settings settings = scene.settings();
    if (took > settings.ackTimeout().plus(settings.slack()).toNanos()) {
      return "an answer comes too late";
    }
    if (request.kind() == Request.Kind.DECEPTIVE) {
      return wrongDeception(attempt);
    }
    if (settings.timed() && isLate(request, attempt)) {
      return "an answer is late although nothing was wrong";
    }
    return switch (attempt.status()) {
      case 200 -> request.isBad() ? "a 200 for a request that has to be refused" : null;
      case 408 -> felt(Effect.FROZEN, attempt) ? null : "a 408 for a body that came in time";
      case 422 ->
          request.refusal() == 422 || request.kind() == Request.Kind.RIVAL
              ? null
              : "a 422 for another cause";
      case 500 -> wrong500(request, attempt);
      case 503 -> wrong503(request, attempt, took);
      case 504 -> wrong504(request, attempt, took);
      default ->
          attempt.status() == request.refusal() || isForFullQuarantine(request, attempt)
              ? null
              : "a " + attempt.status() + " for another cause";
    };
  }

  /** Its invalid events have no place, and refuse it. */
  private boolean isForFullQuarantine(Request request, Attempt attempt) {
    return attempt.isRefusedForEvents()
        && request.payload().sent().stream().anyMatch(event -> event.code() != null)
        && isQuarantineFull(timeline, attempt);
  }

  /** As far as the instance knows: it does not learn of room while it cannot count the events. */
  static boolean isQuarantineFull(Timeline timeline, Attempt attempt) {
    return timeline.felt(
        Effect.QUARANTINE_FULL,
        AWAY,
        attempt.instance(),
        Database.QUARANTINE,
        attempt.from(),
        attempt.to());
  }

  /** It may be refused in any way. */
  private static @Nullable String wrongDeception(Attempt attempt) {
    return switch (attempt.status()) {
      case 400, 409, 503, 504 -> null;
      case 500 -> attempt.reason().equals("table_broken") ? null : "a 500 for a cause of its own";
      case 200 -> "a 200 for a request that has to be refused";
      default -> "a " + attempt.status() + " for another cause";
    };
  }

  /** Whether it waited for what was wrong with others. */
  private boolean isLate(Request request, Attempt attempt) {
    if (attempt.to() - attempt.from() < LATE_NANOS || request.isBad() || request.isLarge()) {
      return false;
    }
    long without =
        timeline.without(
            SLOWING, attempt.instance(), request.tables(), attempt.from(), attempt.to());
    return without > LATE_NANOS && !isHeldByOther(request, attempt);
  }

  /**
   * Whether the key may be held by the other instance, which does not run, or whose transaction
   * does not go on.
   */
  private boolean isHeldByOther(Request request, Attempt attempt) {
    Request sameKey = request.sameKey();
    return Stream.concat(
            request.attempts().stream(),
            sameKey == null ? Stream.empty() : sameKey.attempts().stream())
        .filter(other -> other.instance() != attempt.instance() && other.from() < attempt.to())
        .anyMatch(
            other ->
                timeline.felt(Effect.FROZEN, other.instance(), attempt.from(), attempt.to())
                    || timeline.felt(
                        Effect.DATABASE_AWAY, other.instance(), attempt.from(), attempt.to()));
  }

  private @Nullable String wrong500(Request request, Attempt attempt) {
    if (!attempt.reason().equals("table_broken")) {
      return "a 500 for a cause of its own";
    }
    return tablesFelt(Effect.TABLE_BROKEN, request, attempt)
        ? null
        : "a 500 for a table that is whole";
  }

  private @Nullable String wrong503(Request request, Attempt attempt, long took) {
    if (attempt.retryAfter() < 0) {
      return "a 503 without Retry-After";
    }
    return switch (attempt.reason()) {
      case "draining" ->
          felt(Effect.STOPPING, attempt) ? null : "a 503 for a stop that there was not";
      case "buffer_full" ->
          felt(Effect.FLOODED, attempt) || awayFor(Database.EVERYTHING, attempt, TOO_SOON_NANOS)
              ? null
              : "a 503 for a buffer that cannot be full";
      default -> wrongUnavailable(request, attempt, took);
    };
  }

  private @Nullable String wrongUnavailable(Request request, Attempt attempt, long took) {
    if (scene.settings().timed()
        && !awayFor(request.tables(), attempt, LATE_NANOS)
        && !isHeldByOther(request, attempt)) {
      return "a 503 although nothing was wrong";
    }
    return isFullTime(took) || felt(Effect.FROZEN, attempt) || felt(Effect.STOPPING, attempt)
        ? null
        : "a 503 before the ack timeout";
  }

  /** What became of a COMMIT can be learnt, but for a crash or a lack of time. */
  private @Nullable String wrong504(Request request, Attempt attempt, long took) {
    if (felt(Effect.STOPPING, attempt)) {
      return null;
    }
    if (!felt(Effect.DATABASE_AWAY, attempt)
        && !tablesFelt(Effect.TABLE_LOCKED, request, attempt)
        && !isHeldByOther(request, attempt)) {
      return "a 504 although nothing was wrong";
    }
    return isFullTime(took) || felt(Effect.FROZEN, attempt) || felt(Effect.CRASHED, attempt)
        ? null
        : "a 504 before the ack timeout";
  }

  private boolean isFullTime(long took) {
    return took >= scene.settings().ackTimeout().toNanos() - TOO_SOON_NANOS;
  }

  /** Whether all of the time something kept the instance from writing, but for so much. */
  private boolean awayFor(int tables, Attempt attempt, long butFor) {
    return timeline.without(AWAY, attempt.instance(), tables, attempt.from(), attempt.to())
        <= butFor;
  }

  private boolean felt(Effect effect, Attempt attempt) {
    return timeline.felt(effect, attempt.instance(), attempt.from(), attempt.to());
  }

  private boolean tablesFelt(Effect effect, Request request, Attempt attempt) {
    return timeline.feltByTables(effect, request.tables(), attempt.from(), attempt.to());
  }
}
