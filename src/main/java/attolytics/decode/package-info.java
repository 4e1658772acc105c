/**
 * From a request's body to encoded rows: one walk over the JSON tokens, no object a row.
 *
 * <p>{@link attolytics.decode.Decoder} finds for each field its column and lets the column's {@link
 * attolytics.schema.ColumnType} check the value and write its bytes. What does not fit is collected
 * in {@link attolytics.decode.Decoded}, so that a client learns of all its mistakes at once.
 */
@NullMarked
package attolytics.decode;

import org.jspecify.annotations.NullMarked;
