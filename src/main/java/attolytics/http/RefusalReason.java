package attolytics.http;

import attolytics.decode.EventError;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import attolytics.metrics.Metrics;
import attolytics.recent.RefusedRequest;
import attolytics.schema.App;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Why a request is refused, for the log and the status page: pointers and codes, and the id of an
 * unknown app. Never the value of a field. The log has no names of fields that are no columns
 * either.
 */
final class RefusalReason {
  /** Different errors of one request that are remembered. */
  private static final int MAX_ERRORS = 5;

  private RefusalReason() {}

  /**
   * What is remembered of it for the status page: its first few errors of different kinds.
   *
   * @param app null if the path names none
   */
  static List<RefusedRequest> recorded(
      Refusal refused, @Nullable App app, String target, @Nullable String userAgent) {
    if (refused.errors().isEmpty()) {
      return List.of(recorded(refused, refused.cause(), app, target, userAgent));
    }
    Set<RefusedRequest.Place> places = new HashSet<>();
    List<RefusedRequest> recorded = new ArrayList<>();
    for (EventError error : refused.errors()) {
      if (places.add(RefusedRequest.Place.of(error.code(), error.pointer(), error.table()))) {
        recorded.add(recorded(refused, error, app, target, userAgent));
      }
      if (recorded.size() == MAX_ERRORS) {
        break;
      }
    }
    return recorded;
  }

  private static RefusedRequest recorded(
      Refusal refused,
      @Nullable EventError cause,
      @Nullable App app,
      String target,
      @Nullable String userAgent) {
    Problem problem = refused.problem();
    return new RefusedRequest(
        app == null ? unknownApp(target) : app.id(),
        app != null,
        problem.status(),
        problem.reason(),
        cause == null ? null : cause.code(),
        cause == null ? null : cause.pointer(),
        cause == null ? null : cause.table(),
        cause == null ? refused.reason() : cause.reason(),
        userAgent);
  }

  private static String unknownApp(String target) {
    String id = EventsPath.appId(target);
    return id == null ? Metrics.UNKNOWN_APP : HeadRefusal.escaped(id);
  }

  /** The end of a log message, or nothing. */
  static String of(Refusal refused, String target) {
    if (refused.problem() == Problem.UNKNOWN_APP) {
      String id = EventsPath.appId(target);
      return id == null ? "" : ": \"" + HeadRefusal.escaped(id) + '"';
    }
    EventError first = refused.cause();
    if (first == null) {
      return "";
    }
    return isOfDatabase(refused) ? place(first) : ": " + first.code() + place(first);
  }

  /**
   * The part of a log message before the place: what refused a row, a constraint for example, if
   * the database did; else nothing.
   */
  static String ofDatabase(Refusal refused) {
    return isOfDatabase(refused) ? ": " + refused.reason() : "";
  }

  private static boolean isOfDatabase(Refusal refused) {
    return refused.problem() == Problem.REFUSED_BY_DATABASE
        || refused.problem() == Problem.CONFLICT;
  }

  /** With the name of the column; for a field that is not a column, only the event. */
  private static String place(EventError error) {
    String pointer = error.ofUnknownField() ? "/events/" + error.event() : error.pointer();
    return " at " + HeadRefusal.escaped(pointer);
  }
}
