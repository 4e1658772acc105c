package attolytics.schema;

/** How an app's events are checked. */
public enum Validation {
  /** Every field has to fit a column, each given once; anything else refuses the request. */
  STRICT,
  /** Unknown fields are ignored, unfit values become NULL unless the column is required. */
  LENIENT
}
