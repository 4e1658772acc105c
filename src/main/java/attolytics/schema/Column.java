package attolytics.schema;

import org.jspecify.annotations.Nullable;

/**
 * A column of a table.
 *
 * @param name as in the schema file and, quoted, in PostgreSQL
 * @param type which values it accepts, and their encoding
 * @param field the name of the event's field
 * @param header the request header that fills the column, or null
 * @param source what the service fills the column with, or null
 * @param defaultValue what is stored if the event or request has no value, or null
 * @param rest whether the column holds the fields that are not those of other columns
 * @param index the index that is created with the table
 * @param required whether NULL is refused (NOT NULL in PostgreSQL)
 * @param ordinal index among the table's columns
 */
public record Column(
    String name,
    ColumnType type,
    String field,
    @Nullable String header,
    @Nullable Source source,
    @Nullable DefaultValue defaultValue,
    boolean rest,
    Index index,
    boolean required,
    int ordinal) {
  /** A column filled from the field of its name or from a header. */
  public Column(
      String name,
      ColumnType type,
      @Nullable String header,
      Index index,
      boolean required,
      int ordinal) {
    this(name, type, name, header, null, null, false, index, required, ordinal);
  }

  /** Whether the column is filled from the request, and not from the event. */
  public boolean isFromRequest() {
    return header != null || source != null;
  }
}
