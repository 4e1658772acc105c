/**
 * JSON as bytes, read in place: no object a token, no copy of a string unless it has escapes.
 *
 * <p>{@link attolytics.json.JsonReader} takes exactly what RFC 8259 calls JSON, in well-formed
 * UTF-8. It knows nothing of events and columns.
 */
@NullMarked
package attolytics.json;

import org.jspecify.annotations.NullMarked;
