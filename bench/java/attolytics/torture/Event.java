package attolytics.torture;

import org.jspecify.annotations.Nullable;

/**
 * An event of a request, as it was sent. It may be in other requests, too.
 *
 * @param request that it was in first
 * @param number among the events of that request
 * @param table whose row it is, or would be; {@link #NO_TABLE} if it names none
 * @param code why it is invalid, as in the errors of an answer, or null
 * @param correctable whether it is valid by the corrected schema file
 */
record Event(long request, int number, int table, @Nullable String code, boolean correctable) {
  static final int NO_TABLE = -1;

  /** Whether nothing makes it valid. */
  boolean isHopeless() {
    return code != null && !correctable;
  }

  /** What tells it from all others. */
  long id() {
    return request * Long.SIZE + number;
  }
}
