package attolytics.recent;

import org.jspecify.annotations.Nullable;

/**
 * A refused request, without values of its events, secret key or Idempotency-Key.
 *
 * @param app id; where the schema file has no such app, as the request names it, or a placeholder
 * @param isKnownApp whether the schema file has that app
 * @param status of the answer
 * @param reason one of a fixed set
 * @param code of the first error of an event, or null
 * @param pointer to the place of that error, or null
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
    String detail,
    @Nullable String userAgent) {
  /** Longer texts are cut. */
  private static final int MAX_CHARS = 200;

  public RefusedRequest {
    pointer = pointer == null ? null : cut(pointer);
    detail = cut(detail);
    userAgent = userAgent == null ? null : cut(userAgent);
  }

  private static String cut(String text) {
    return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS - 1) + "…";
  }
}
