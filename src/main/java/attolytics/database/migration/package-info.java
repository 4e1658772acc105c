/**
 * Compares a schema with the database, and makes the database match: creates tables at start, or
 * runs a {@link attolytics.database.Migration} step by step.
 *
 * <p>Begin with {@link attolytics.database.migration.DatabaseTables} for what a start does, with
 * {@link attolytics.database.migration.Migrator} for {@code migrate}, with {@link
 * attolytics.database.migration.TableDdl} for the SQL.
 */
@NullMarked
package attolytics.database.migration;

import org.jspecify.annotations.NullMarked;
