package attolytics.schema;

/** Why a value does not fit its column. The code is part of the HTTP interface. */
public enum ValueError {
  TYPE_MISMATCH("type_mismatch"),
  OUT_OF_RANGE("out_of_range"),
  /** U+0000, which PostgreSQL's text cannot hold, or half of a surrogate pair. */
  INVALID_STRING("invalid_string"),
  /** A string in a timestamp column that is no RFC 3339 date-time: refused even leniently. */
  INVALID_TIMESTAMP("invalid_timestamp");

  private final String code;

  ValueError(String code) {
    this.code = code;
  }

  public String code() {
    return code;
  }

  /** What the column would have taken, as the end of a sentence that begins with its name. */
  public String explain(ColumnType type) {
    return switch (this) {
      case TYPE_MISMATCH -> " takes " + type.takes();
      case OUT_OF_RANGE -> " takes " + type.takes() + " in the range of " + type.sqlName();
      case INVALID_STRING -> " takes a string without U+0000 and unpaired surrogates";
      case INVALID_TIMESTAMP -> " takes an RFC 3339 date-time such as 2026-01-31T12:00:00Z";
    };
  }
}
