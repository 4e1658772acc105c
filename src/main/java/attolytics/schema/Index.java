package attolytics.schema;

/** The index of a column. */
public enum Index {
  /** There is none. */
  NONE,
  /** An index with the default access method of the column's type. */
  DEFAULT,
  /**
   * A block range index, which is cheap to maintain and useful where values correlate with the
   * order of insertion.
   */
  BRIN;

  /** The name of the access method in PostgreSQL; undefined if there is no index. */
  public String method(ColumnType type) {
    return this == BRIN ? "brin" : type.indexMethod();
  }
}
