/**
 * Shared by all code that uses the database: connections and their pool, the check that detects an
 * outage, advisory locks, DDL transactions, and the definition of an existing table, read from the
 * system catalog.
 *
 * <p>No session state outlives a transaction, so that a connection pooler in transaction mode
 * works. The schema is compared with the database in {@code database.migration}, partitions are
 * created and dropped in {@code database.partition}, and events are written in {@code
 * flush.transaction}.
 */
@NullMarked
package attolytics.database;

import org.jspecify.annotations.NullMarked;
