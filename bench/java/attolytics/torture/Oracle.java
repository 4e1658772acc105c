package attolytics.torture;

import attolytics.torture.Timeline.Effect;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compares what clients were told with what the database holds, and with what was broken when. Used
 * by one thread.
 */
final class Oracle {
  /** How much sooner than the ack timeout a request may be told that the database is away. */
  private static final long TOO_SOON_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** How long the database may be there without a request being written. */
  private static final long SOON_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** One lock timeout of the service, and what a flush and its next attempt take. */
  private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private static final Set<Effect> AWAY =
      EnumSet.of(Effect.DATABASE_AWAY, Effect.TABLE_LOCKED, Effect.FROZEN);

  private static final Set<Effect> SLOWING =
      EnumSet.complementOf(EnumSet.of(Effect.KILLED, Effect.CRASHED));

  private final Scene scene;
  private final Findings findings;
  private final Timeline timeline;
  private long rows;

  /** What of a request is in the database. */
  private static final class Found {
    private final long[] events = new long[Database.TABLES.size()];
    private long rows;
    private long strangers;

    int distinct() {
      int count = 0;
      for (long each : events) {
        count += Long.bitCount(each);
      }
      return count;
    }
  }

  Oracle(Scene scene) {
    this.scene = scene;
    this.findings = scene.findings();
    this.timeline = scene.timeline();
  }

  /** Rows that the database holds. */
  long rows() {
    return rows;
  }

  /** Judges all requests; none may be under way any more. */
  void judge() throws SQLException {
    Map<Long, Found> found = read();
    Found nothing = new Found();
    for (Request request : scene.ledger().requests().values()) {
      Found rowsOf = found.remove(request.id());
      judgeRows(request, rowsOf == null ? nothing : rowsOf);
      judgeAnswers(request);
      for (Attempt attempt : request.attempts()) {
        judge(request, attempt);
      }
    }
    found.remove(Database.NO_REQUEST);
    found.keySet().forEach(id -> findings.add("rows of no request", Long.toString(id)));
  }

  private Map<Long, Found> read() throws SQLException {
    Map<Long, Found> found = new HashMap<>();
    StringJoiner all = new StringJoiner(" UNION ALL ");
    all.add("SELECT name, request, event FROM removed");
    Database.TABLES.forEach(
        table -> all.add("SELECT '" + table + "', request, event FROM " + table));
    String query =
        "SELECT name, request, count(*), bit_or(1::int8 << event),"
            + " count(*) FILTER (WHERE event NOT BETWEEN 0 AND 63) FROM ("
            + all
            + ") AS rows GROUP BY name, request";
    try (Connection connection = scene.database().connect();
        Statement sql = connection.createStatement();
        ResultSet result = sql.executeQuery(query)) {
      while (result.next()) {
        Found of = found.computeIfAbsent(result.getLong(2), id -> new Found());
        of.events[Database.TABLES.indexOf(result.getString(1))] |= result.getLong(4);
        of.rows += result.getLong(3);
        of.strangers += result.getLong(5);
        rows += result.getLong(3);
      }
    }
    return found;
  }

  private void judgeRows(Request request, Found found) {
    boolean whole = found.strangers == 0;
    for (int table = 0; table < Database.TABLES.size(); table++) {
      whole &= found.events[table] == request.events(table);
    }
    boolean acknowledged = false;
    boolean ambiguous = false;
    for (Attempt attempt : request.attempts()) {
      acknowledged |= attempt.status() == 200;
      ambiguous |= attempt.ambiguous();
    }
    String what = null;
    if (found.rows > found.distinct()) {
      what = "a row twice";
    } else if (found.rows > 0 && !whole) {
      what = "a request in part";
    } else if (acknowledged && found.rows == 0) {
      what = "a 200, and no rows";
    } else if (found.rows > 0 && isBad(request)) {
      what = "a request that has to be refused is stored";
    } else if (found.rows > 0 && !acknowledged && !ambiguous) {
      what = "refused, and yet stored";
    }
    if (what != null) {
      String counts = found.rows + " rows, " + found.distinct() + " different ones\n";
      findings.add(what, counts + history(request, scene));
    }
  }

  private static boolean isBad(Request request) {
    return request.refusal() != 0 || request.kind() == Request.Kind.HALF;
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
          && !felt(Effect.CRASHED, attempt)) {
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

  /** Whether that may come of an attempt, at that time. */
  private void judge(Request request, Attempt attempt) {
    String wrong = attempt.answered() ? wrongAnswer(request, attempt) : wrongSilence(attempt);
    if (wrong != null) {
      findings.add(wrong, history(request, scene));
    }
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
    if (isLate(request, attempt)) {
      return "an answer is late although nothing was wrong";
    }
    return switch (attempt.status()) {
      case 200 -> isBad(request) ? "a 200 for a request that has to be refused" : null;
      case 408 -> felt(Effect.FROZEN, attempt) ? null : "a 408 for a body that came in time";
      case 422 ->
          request.refusal() == 422 || request.kind() == Request.Kind.RIVAL
              ? null
              : "a 422 for another cause";
      case 500 -> wrong500(request, attempt);
      case 503 -> wrong503(request, attempt, took);
      case 504 -> wrong504(request, attempt, took);
      default ->
          attempt.status() == request.refusal()
              ? null
              : "a " + attempt.status() + " for another cause";
    };
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
    if (attempt.to() - attempt.from() < LATE_NANOS || isBad(request) || request.isLarge()) {
      return false;
    }
    long without =
        timeline.without(
            SLOWING, attempt.instance(), request.tables(), attempt.from(), attempt.to());
    return without > LATE_NANOS && !isHeldByFrozen(request, attempt);
  }

  /** Whether the key may be held by the other instance, which does not run. */
  private boolean isHeldByFrozen(Request request, Attempt attempt) {
    Request sameKey = request.sameKey();
    return Stream.concat(
            request.attempts().stream(),
            sameKey == null ? Stream.empty() : sameKey.attempts().stream())
        .filter(other -> other.instance() != attempt.instance() && other.from() < attempt.to())
        .anyMatch(
            other -> timeline.felt(Effect.FROZEN, other.instance(), attempt.from(), attempt.to()));
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
    if (!awayFor(request.tables(), attempt, SOON_AGAIN_NANOS)
        && !isHeldByFrozen(request, attempt)) {
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
        && !isHeldByFrozen(request, attempt)) {
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

  /** All that is known about a request. */
  static String history(Request request, Scene scene) {
    StringBuilder text = new StringBuilder();
    text.append("request ").append(request.id()).append(", ").append(request.kind());
    text.append(request.key() == null ? "" : ", key " + request.key());
    if (request.refusal() != 0) {
      text.append(", to be refused");
      text.append(request.refusal() == Request.ANY_REFUSAL ? "" : " with " + request.refusal());
    }
    for (int table = 0; table < Database.TABLES.size(); table++) {
      int count = Long.bitCount(request.events(table));
      text.append(count == 0 ? "" : ", " + count + " of " + Database.TABLES.get(table));
    }
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
    }
    return text.toString();
  }
}
