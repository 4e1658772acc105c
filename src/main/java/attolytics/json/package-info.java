/**
 * A JSON parser that works in place: it allocates no tokens and copies a string only if it contains
 * escape sequences.
 *
 * <p>{@link attolytics.json.JsonReader} accepts exactly RFC 8259 in well-formed UTF-8. It knows
 * nothing about events or columns.
 */
@NullMarked
package attolytics.json;

import org.jspecify.annotations.NullMarked;
