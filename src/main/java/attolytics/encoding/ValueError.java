package attolytics.encoding;

/** Why a value does not fit its column. */
public enum ValueError {
  TYPE_MISMATCH,
  OUT_OF_RANGE,
  /** U+0000, which PostgreSQL cannot hold, or half of a surrogate pair. */
  INVALID_STRING,
  /** A string that should be a date or a date-time and is none: refused even leniently. */
  INVALID_DATE
}
