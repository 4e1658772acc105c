/**
 * A JSON parser that works in place: it allocates no tokens and copies a string only if it has
 * escapes.
 *
 * <p>{@link attolytics.json.JsonReader} accepts exactly RFC 8259 in well-formed UTF-8. Independent
 * of events and columns.
 */
@NullMarked
package attolytics.json;

import org.jspecify.annotations.NullMarked;
