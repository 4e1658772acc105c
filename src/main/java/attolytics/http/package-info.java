/**
 * The public port: a request from its headers to its response.
 *
 * <p>Everything here runs on the connection's IO thread. {@link attolytics.http.IngestHandler}
 * checks the headers; {@link attolytics.http.IngestRequest} calls {@code http.body} to read the
 * body and {@code decode} to decode it, and offers the rows to the ring; {@link
 * attolytics.http.IoThreadContext} brings the outcome back from the writer; {@link
 * attolytics.http.Responder} writes the response with its headers, either a refusal ({@code
 * http.problem}) or, for a lenient request, what became of each event. {@link
 * attolytics.http.ClientAddress} finds the client's address behind trusted proxies. The port is
 * opened in {@code http.server}.
 */
@NullMarked
package attolytics.http;

import org.jspecify.annotations.NullMarked;
