/**
 * Takes requests from the ring, writes their rows, and gives each request its outcome, whatever the
 * database reports.
 *
 * <p>Start with {@link attolytics.flush.Flusher}, whose comment has the states of a request. {@link
 * attolytics.flush.FailurePolicy} decides how a failure is handled (retry, split, defer, reject),
 * and {@link attolytics.flush.LimitPolicy} how long a transaction may take. Before that, each
 * {@link attolytics.flush.Writer} collects requests with a {@link attolytics.flush.Gatherer};
 * {@link attolytics.flush.FlushTiming} decides when a flush starts, and beside how many others.
 *
 * <p>The SQL and PostgreSQL's errors are in {@code flush.transaction}; which status an {@link
 * attolytics.buffer.Outcome} becomes is decided in {@code http}.
 */
@NullMarked
package attolytics.flush;

import org.jspecify.annotations.NullMarked;
