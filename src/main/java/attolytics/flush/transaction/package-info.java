/**
 * One transaction against PostgreSQL: keys, a COPY for each table, COMMIT. Begin with {@link
 * attolytics.flush.transaction.FlushDatabase}, which is all that a flush needs of a database;
 * {@link attolytics.flush.transaction.JdbcFlushDatabase} is PostgreSQL. {@link
 * attolytics.flush.transaction.KeyClaims} finds out whether an Idempotency-Key was used before,
 * {@link attolytics.flush.transaction.Deduplication} leaves out rows that are in the table already,
 * {@link attolytics.flush.transaction.CopyError} reads what the server reports, and {@link
 * attolytics.flush.transaction.FlushException} carries it to the flusher.
 *
 * <p>Not here: what a failure leads to (flush), the connection pool, and the tables themselves
 * (database).
 */
@NullMarked
package attolytics.flush.transaction;

import org.jspecify.annotations.NullMarked;
