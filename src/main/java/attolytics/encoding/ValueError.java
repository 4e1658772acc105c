package attolytics.encoding;

/** Why a value is not valid for its column. */
public enum ValueError {
  TYPE_MISMATCH,
  OUT_OF_RANGE,
  /** The string contains U+0000, which PostgreSQL cannot store, or an unpaired surrogate. */
  INVALID_STRING,
  /** The string is not a date or date-time; an error in lenient validation, too. */
  INVALID_DATE
}
