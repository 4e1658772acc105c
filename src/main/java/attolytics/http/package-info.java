/**
 * The public port: a request from its headers to its answer.
 *
 * <p>A request stays on its connection's IO thread. {@link attolytics.http.IngestHandler} checks
 * its headers, {@link attolytics.http.IngestRequest} has its body read, decoded and offered to a
 * ring, {@link attolytics.http.IoThreadContext} brings the outcome back from the writer, and {@link
 * attolytics.http.Responder} answers. Bodies are read in {@code http.body}, the port is opened in
 * {@code http.server}, and what an answer says is in {@code http.problem}.
 */
@NullMarked
package attolytics.http;

import org.jspecify.annotations.NullMarked;
