/**
 * The model of a schema file: {@link attolytics.schema.Schema} with its tables, columns, types,
 * partitioning and apps. Immutable.
 *
 * <p>Reading the file is in {@code schema.yaml}, tables in the database are in {@code database}. A
 * column type is a {@link attolytics.schema.ColumnType}: a {@link attolytics.schema.ScalarType},
 * one of them with restrictions, or an array of one. To add a type, add a constant to {@code
 * ScalarType}; whatever handles columns asks the interface and has no list of types of its own.
 */
@NullMarked
package attolytics.schema;

import org.jspecify.annotations.NullMarked;
