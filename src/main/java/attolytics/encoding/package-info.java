/**
 * Encodes a JSON value as a field of COPY's binary format: {@link attolytics.encoding.CopyBuffer}
 * and a class for each kind of value whose encoding is more than a few lines.
 *
 * <p>A {@link attolytics.encoding.ValueEncoder} checks a value and writes its field in one step.
 * {@link attolytics.encoding.ArrayField} frames the fields of any encoder as an array, so that
 * arrays need nothing of their own from a type but its OID.
 *
 * <p>Independent of columns and tables: {@link attolytics.schema.ScalarType} says which type has
 * which encoding, and is the place to begin when adding a type.
 */
@NullMarked
package attolytics.encoding;

import org.jspecify.annotations.NullMarked;
