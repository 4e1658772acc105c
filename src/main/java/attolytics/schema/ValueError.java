package attolytics.schema;

/** Why a value does not fit its column. */
public enum ValueError {
  TYPE_MISMATCH,
  OUT_OF_RANGE,
  /** U+0000, which PostgreSQL cannot hold, or half of a surrogate pair. */
  INVALID_STRING,
  /** A string that should be a date or a date-time and is none: refused even leniently. */
  INVALID_DATE;

  /** For programs: it is part of the HTTP interface. */
  public String code(ColumnType type) {
    return switch (this) {
      case TYPE_MISMATCH -> "type_mismatch";
      case OUT_OF_RANGE -> "out_of_range";
      case INVALID_STRING -> "invalid_string";
      case INVALID_DATE -> "invalid_" + type.schemaName();
    };
  }

  /** What the column would have taken, as the end of a sentence that begins with its name. */
  public String explain(ColumnType type) {
    return switch (this) {
      case TYPE_MISMATCH, INVALID_DATE -> " takes " + type.takes();
      case OUT_OF_RANGE ->
          type == ColumnType.TIMESTAMP
              ? " takes " + type.takes() + " up to the year 9999; is this in milliseconds?"
              : " takes " + type.takes() + " in the range of " + type.sqlName();
      case INVALID_STRING -> " takes " + type.takes() + " without U+0000 and unpaired surrogates";
    };
  }
}
