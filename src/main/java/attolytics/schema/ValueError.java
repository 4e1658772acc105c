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
}
