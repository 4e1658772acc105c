/**
 * Decodes a request's body into encoded rows, in one pass over the JSON and without allocations per
 * row.
 *
 * <p>{@link attolytics.decode.Decoder} finds the column of each field, whose {@link
 * attolytics.schema.ColumnType} checks and encodes the value. Errors are collected in {@link
 * attolytics.decode.Decoded}, so that a client sees all of them at once.
 */
@NullMarked
package attolytics.decode;

import org.jspecify.annotations.NullMarked;
