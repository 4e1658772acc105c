package attolytics.schema;

/** How an app's events are validated. */
public enum Validation {
  /** Every field must be a column's, valid, and occur once; otherwise the request is refused. */
  STRICT,
  /** Unknown fields are ignored; invalid values become NULL unless the column is required. */
  LENIENT
}
