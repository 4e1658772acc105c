package attolytics.json;

/** What a JSON value is. */
public enum Kind {
  NULL,
  TRUE,
  FALSE,
  /** A number without fraction and exponent. */
  INTEGER,
  /** A number with one of them, or both. */
  DECIMAL,
  STRING,
  ARRAY,
  OBJECT;

  public boolean isNumber() {
    return this == INTEGER || this == DECIMAL;
  }

  public boolean isContainer() {
    return this == ARRAY || this == OBJECT;
  }
}
