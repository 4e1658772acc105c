/**
 * What the schema file declares: tables, columns and their types, apps.
 *
 * <p>Read by {@link attolytics.schema.SchemaFile}, compared with the database by {@link
 * attolytics.schema.DatabaseTables}, and immutable from then on. Serves every other package and
 * knows none of them.
 */
@NullMarked
package attolytics.schema;

import org.jspecify.annotations.NullMarked;
