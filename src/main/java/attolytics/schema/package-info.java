/**
 * What a schema file declares: {@link attolytics.schema.Schema} with its tables, columns, types,
 * partitioning and apps. Immutable, and free of how it is written or stored.
 *
 * <p>How the file is read is in {@code schema.yaml}, what becomes of it in the database in {@code
 * database}. A new column type begins in {@link attolytics.schema.ColumnType}.
 */
@NullMarked
package attolytics.schema;

import org.jspecify.annotations.NullMarked;
