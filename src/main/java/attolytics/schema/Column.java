package attolytics.schema;

import org.jspecify.annotations.Nullable;

/**
 * One column of a table.
 *
 * @param name as in the schema file and, quoted, in PostgreSQL
 * @param type its JSON rule and its COPY encoding
 * @param header the request header that fills the column, or null if the event's field does
 * @param index what is created with the table
 * @param required whether NULL is refused (NOT NULL in PostgreSQL)
 * @param ordinal place among the table's columns, from 0
 */
public record Column(
    String name,
    ColumnType type,
    @Nullable String header,
    Index index,
    boolean required,
    int ordinal) {}
