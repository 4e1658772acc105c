/**
 * From a JSON value to a field in COPY's binary format: {@link attolytics.encoding.CopyBuffer} and
 * a class for each kind of value that takes more than a few bytes copied.
 *
 * <p>Knows nothing of columns and tables: which encoding belongs to which column type is said by
 * {@link attolytics.schema.ColumnType}, the place to begin when adding a type.
 */
@NullMarked
package attolytics.encoding;

import org.jspecify.annotations.NullMarked;
