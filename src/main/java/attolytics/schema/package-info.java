/**
 * The model of a schema file: {@link attolytics.schema.Schema} with its tables, columns, types,
 * partitioning and apps. Immutable.
 *
 * <p>Reading the file is in {@code schema.yaml}, tables in the database are in {@code database}. To
 * add a column type, begin with {@link attolytics.schema.ColumnType}.
 */
@NullMarked
package attolytics.schema;

import org.jspecify.annotations.NullMarked;
