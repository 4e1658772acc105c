/**
 * Takes requests from the ring, writes their rows, and gives each request its outcome, also when
 * the database fails.
 *
 * <p>Start with {@link attolytics.flush.Flusher}, whose comment describes the states of a request.
 * {@link attolytics.flush.FailurePolicy} decides how a failure is handled (retry, split, defer,
 * reject), and {@link attolytics.flush.LimitPolicy} how long a transaction may take. Each {@link
 * attolytics.flush.Writer} collects the requests of its next flush with a {@link
 * attolytics.flush.Gatherer}; {@link attolytics.flush.FlushTiming} decides when that starts, and
 * how many may run at the same time.
 *
 * <p>The SQL and PostgreSQL's errors are in {@code flush.transaction}; {@code http} turns an {@link
 * attolytics.buffer.Outcome} into a response.
 */
@NullMarked
package attolytics.flush;

import org.jspecify.annotations.NullMarked;
