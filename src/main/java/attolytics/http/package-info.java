/**
 * The public port: a request from its headers to its response.
 *
 * <p>All of it happens on the connection's IO thread. {@link attolytics.http.IngestHandler} checks
 * the headers; {@link attolytics.http.IngestRequest} has the body read ({@code http.body}) and
 * decoded ({@code decode}), and offers the rows to the ring; {@link
 * attolytics.http.IoThreadContext} brings the outcome back from the writer; {@link
 * attolytics.http.Responder} writes the response with its headers, be it a refusal ({@code
 * http.problem}) or the verdicts of a request that is handled leniently. {@link
 * attolytics.http.ClientAddress} finds the client's address behind trusted proxies. The port is
 * opened in {@code http.server}.
 */
@NullMarked
package attolytics.http;

import org.jspecify.annotations.NullMarked;
