/**
 * Compares a schema with the database, and changes the database to match it: at startup by creating
 * missing tables, and in {@code migrate} by running a {@link attolytics.database.Migration} step by
 * step.
 *
 * <p>Start with {@link attolytics.database.migration.DatabaseTables} for what happens at startup,
 * with {@link attolytics.database.migration.Migrator} for {@code migrate}, and with {@link
 * attolytics.database.migration.TableDdl} for the SQL.
 */
@NullMarked
package attolytics.database.migration;

import org.jspecify.annotations.NullMarked;
