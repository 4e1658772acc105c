package attolytics.schema;

import org.jspecify.annotations.Nullable;

/**
 * A column of a table.
 *
 * @param name as in the schema file and, quoted, in PostgreSQL
 * @param type which values it accepts, and their encoding
 * @param header the request header that fills the column, or null if the event's field does
 * @param index the index that is created with the table
 * @param required whether NULL is refused (NOT NULL in PostgreSQL)
 * @param ordinal index among the table's columns
 */
public record Column(
    String name,
    ColumnType type,
    @Nullable String header,
    Index index,
    boolean required,
    int ordinal) {}
