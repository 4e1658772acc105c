/**
 * What all uses of the database have in common: connections and their pool, the probe that detects
 * an outage, advisory locks, DDL transactions, and the description of an existing table.
 *
 * <p>No session state outlives a transaction, so that connection poolers work. Comparing a schema
 * with the database is in {@code database.migration}, partitions are in {@code database.partition},
 * and the rows of events in {@code flush}.
 */
@NullMarked
package attolytics.database;

import org.jspecify.annotations.NullMarked;
