/**
 * What every use of the database needs: connections and their pool, the probe that notices an
 * outage, advisory locks, DDL transactions, and how a table that exists is described.
 *
 * <p>No session state outlives a transaction, so that poolers can be between. Comparing a schema
 * with the database is in {@code database.migration}, partitions are in {@code database.partition},
 * and the rows of events in {@code flush}.
 */
@NullMarked
package attolytics.database;

import org.jspecify.annotations.NullMarked;
