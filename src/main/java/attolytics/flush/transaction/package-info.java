/**
 * One transaction against PostgreSQL: claims Idempotency-Keys, runs a COPY for each table, and
 * commits.
 *
 * <p>Start with {@link attolytics.flush.transaction.FlushDatabase}, the interface with all that a
 * flush needs of a database; {@link attolytics.flush.transaction.JdbcFlushDatabase} implements it
 * for PostgreSQL. {@link attolytics.flush.transaction.KeyClaims} stores the keys, each with a
 * fingerprint of its body, and finds out which were used before. {@link
 * attolytics.flush.transaction.Deduplication} skips rows that are in the table already. {@link
 * attolytics.flush.transaction.FlushException} carries an error to the flusher and maps its
 * SQLSTATE to a kind of failure; {@link attolytics.flush.transaction.CopyError} extracts the row
 * and the words of a server's error.
 *
 * <p>How a failure is handled is decided in {@code flush}; the connection pool is in {@code
 * database}, and tables are created in {@code database.migration}.
 */
@NullMarked
package attolytics.flush.transaction;

import org.jspecify.annotations.NullMarked;
