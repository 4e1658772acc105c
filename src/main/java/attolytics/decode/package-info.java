/**
 * Turns the body of a request into rows in COPY's binary format, mostly in one pass over the JSON.
 *
 * <p>Start with {@link attolytics.decode.Decoder}, which reads a body. {@link
 * attolytics.decode.EventReader} finds the table of an event, and the table's {@link
 * attolytics.decode.RowEncoder} the column of each field; the column's {@link
 * attolytics.schema.ColumnType} checks and encodes the value. {@link attolytics.decode.Decoded} is
 * the result: the rows, or the errors of all events, so that a client sees them in one response. In
 * a request with lenient handling, an invalid event becomes a row for the quarantine ({@link
 * attolytics.decode.QuarantineRows}) instead of an error. That is not the app's {@code validation:
 * lenient}, by which fewer events are invalid.
 */
@NullMarked
package attolytics.decode;

import org.jspecify.annotations.NullMarked;
