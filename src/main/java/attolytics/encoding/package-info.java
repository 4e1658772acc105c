/**
 * Encodes a JSON value as a field of COPY's binary format: {@link attolytics.encoding.CopyBuffer},
 * and a class for each kind of value whose encoding is more than a few lines. {@link
 * attolytics.encoding.JsonReader} reads the values: jackson-core's parser, with texts in UTF-8.
 *
 * <p>A {@link attolytics.encoding.ValueEncoder} checks a value and writes its field in one step.
 * {@link attolytics.encoding.ArrayField} wraps the fields of any encoder in an array; all it needs
 * to know about the element type is its OID.
 *
 * <p>Nothing here knows about columns or tables: {@link attolytics.schema.ScalarType} maps each
 * type to its encoding. Start there to add a type.
 */
@NullMarked
package attolytics.encoding;

import org.jspecify.annotations.NullMarked;
