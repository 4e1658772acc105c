/**
 * From the ring to an outcome for every request. {@link attolytics.flush.Writer} flushes what a
 * {@link attolytics.flush.Gatherer} collects; {@link attolytics.flush.Flusher} settles every
 * request, whatever the database reports: begin there, with the table of a request's states. {@link
 * attolytics.flush.FailurePolicy} decides what a failure leads to, {@link
 * attolytics.flush.LimitPolicy} how long a transaction may take.
 *
 * <p>Not here: the SQL and the errors of PostgreSQL (flush.transaction), how rows are encoded
 * (encoding).
 */
@NullMarked
package attolytics.flush;

import org.jspecify.annotations.NullMarked;
