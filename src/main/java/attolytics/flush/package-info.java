/**
 * From the ring into PostgreSQL. {@link attolytics.flush.Writer} flushes what a {@link
 * attolytics.flush.Gatherer} collects; {@link attolytics.flush.Flusher} settles every request,
 * whatever the database reports: begin there, with the table of a request's states. {@link
 * attolytics.flush.FailurePolicy} decides what a failure leads to, {@link
 * attolytics.flush.LimitPolicy} how long a transaction may take. {@link
 * attolytics.flush.FlushDatabase} is all that is needed of a database; {@link
 * attolytics.flush.JdbcFlushDatabase} is PostgreSQL. {@link attolytics.flush.KeyClaims} finds out
 * whether an Idempotency-Key was used before.
 *
 * <p>Not here: how rows are encoded (encoding), the connection pool, and the tables themselves
 * (database).
 */
@NullMarked
package attolytics.flush;

import org.jspecify.annotations.NullMarked;
