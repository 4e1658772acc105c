/**
 * The public port, which takes events.
 *
 * <p>A request stays on its connection's IO thread: {@link attolytics.http.IngestHandler} checks
 * what its headers say, {@link attolytics.http.BodyReader} reads the body without blocking, {@link
 * attolytics.http.IngestRequest} decodes it, offers the rows to a ring and is parked until the
 * writer settles them; {@link attolytics.http.Lane} brings the outcome back to the IO thread.
 * {@link attolytics.http.Problem} is the one place that gives a refusal its status.
 */
@NullMarked
package attolytics.http;

import org.jspecify.annotations.NullMarked;
