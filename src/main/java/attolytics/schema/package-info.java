/**
 * The model of a schema file: {@link attolytics.schema.Schema} with its tables, columns, types,
 * partitioning, and the apps on whose behalf clients send events. Immutable.
 *
 * <p>The file is read in {@code schema.yaml}; tables in the database are created and compared in
 * {@code database.migration}. A column's type is a {@link attolytics.schema.ColumnType}: a {@link
 * attolytics.schema.ScalarType}, a restricted scalar type, or an array of either. To add a type,
 * add a constant to {@code ScalarType}; code that handles columns uses {@code ColumnType} and has
 * no list of types.
 */
@NullMarked
package attolytics.schema;

import org.jspecify.annotations.NullMarked;
