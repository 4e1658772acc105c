package attolytics.recent;

import org.jspecify.annotations.Nullable;

/**
 * A refused request, without values of its events, secret key or Idempotency-Key.
 *
 * @param app id; where the schema file has no such app, as the request names it, or a placeholder
 * @param isKnownApp whether the schema file has that app
 * @param status of the answer
 * @param reason one of a fixed set
 * @param code of an error of an event, or null
 * @param pointer to the place of that error, or null
 * @param table of that event, or null
 * @param detail what is wrong, or what to do
 * @param userAgent by which the client names itself, or null
 */
public record RefusedRequest(
    String app,
    boolean isKnownApp,
    int status,
    String reason,
    @Nullable String code,
    @Nullable String pointer,
    @Nullable String table,
    String detail,
    @Nullable String userAgent) {
  /** Longer texts are cut. */
  private static final int MAX_CHARS = 200;

  private static final String EVENTS = "/events/";

  /**
   * Where an error is, whichever event has it.
   *
   * @param pointer within the event; without the index of an array's element
   */
  public record Place(@Nullable String code, @Nullable String pointer, @Nullable String table) {
    /** That of an error with a pointer that begins with its event. */
    public static Place of(
        @Nullable String code, @Nullable String pointer, @Nullable String table) {
      return new Place(code, pointer == null ? null : withoutIndexes(pointer), table);
    }

    private static String withoutIndexes(String pointer) {
      if (!pointer.startsWith(EVENTS)) {
        return pointer;
      }
      int field = pointer.indexOf('/', EVENTS.length());
      if (field < 0) {
        return "";
      }
      int element = pointer.indexOf('/', field + 1);
      return element < 0 ? pointer.substring(field) : pointer.substring(field, element + 1);
    }
  }

  public RefusedRequest {
    pointer = pointer == null ? null : cut(pointer);
    detail = cut(detail);
    userAgent = userAgent == null ? null : cut(userAgent);
  }

  Place place() {
    return Place.of(code, pointer, table);
  }

  private static String cut(String text) {
    return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS - 1) + "…";
  }
}
