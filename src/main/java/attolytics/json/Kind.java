package attolytics.json;

/** The kind of a JSON value. */
public enum Kind {
  NULL,
  TRUE,
  FALSE,
  /** A number without a fraction and exponent. */
  INTEGER,
  /** A number with a fraction or exponent. */
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
