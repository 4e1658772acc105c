package attolytics.encoding;

import java.util.Locale;

/** Why a value is not valid for its column. */
public enum ValueError {
  TYPE_MISMATCH,
  OUT_OF_RANGE,
  /** The string contains U+0000, which PostgreSQL cannot store, or an unpaired surrogate. */
  INVALID_STRING,
  /** The string is not a date-time; an error in lenient validation, too. */
  INVALID_TIMESTAMP,
  /** The string is not a date; an error in lenient validation, too. */
  INVALID_DATE,
  /** The string is not a number. */
  INVALID_NUMBER,
  /** The string is not an IP address. */
  INVALID_ADDRESS,
  /** The string is not one of the column's {@code values}. */
  VALUE_NOT_ALLOWED,
  /** The string has more characters than the column's {@code max_length}. */
  TOO_LONG;

  private final String code = name().toLowerCase(Locale.ROOT);

  /** The error's code in a response, which is part of the HTTP interface. */
  public String code() {
    return code;
  }

  /** Whether lenient validation stores the column's default, or NULL, instead of the value. */
  public boolean isLenient() {
    return this != INVALID_TIMESTAMP && this != INVALID_DATE;
  }
}
