/**
 * Encodes a JSON value as a field of COPY's binary format: {@link attolytics.encoding.CopyBuffer}
 * and a class for each kind of value whose encoding is more than a few lines.
 *
 * <p>Independent of columns and tables: {@link attolytics.schema.ColumnType} says which type has
 * which encoding, and is the place to begin when adding a type.
 */
@NullMarked
package attolytics.encoding;

import org.jspecify.annotations.NullMarked;
