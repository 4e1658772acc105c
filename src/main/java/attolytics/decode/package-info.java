/**
 * Turns the body of a request into rows in COPY's binary format, in one pass over the JSON.
 *
 * <p>Start with {@link attolytics.decode.Decoder}, which reads a body. {@link
 * attolytics.decode.EventReader} finds the table of an event, and the table's {@link
 * attolytics.decode.RowEncoder} the column of each field; the column's {@link
 * attolytics.schema.ColumnType} checks and encodes the value. {@link attolytics.decode.Decoded} is
 * the result: the rows, or the errors of all events, so that a client sees them in one response. In
 * a lenient request, an invalid event becomes a row for the quarantine ({@link
 * attolytics.decode.QuarantineRows}) instead of an error.
 */
@NullMarked
package attolytics.decode;

import org.jspecify.annotations.NullMarked;
