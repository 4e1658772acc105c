package attolytics.schema;

/** The index of a column. */
public enum Index {
  /** There is none. */
  NONE,
  /** The usual one of the column's type. */
  DEFAULT,
  /**
   * The least and the greatest value of each stretch of the table: cheap to write, and of use where
   * neighbouring rows have neighbouring values.
   */
  BRIN;

  /** PostgreSQL's name of the access method; of no meaning if there is no index. */
  public String method(ColumnType type) {
    return this == BRIN ? "brin" : type.indexMethod();
  }
}
