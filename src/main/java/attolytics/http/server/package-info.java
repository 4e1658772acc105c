/**
 * A listening port: its socket, IO threads, limits on connections, and everything that depends on
 * the internals of Undertow and XNIO.
 *
 * <p>The public and the admin port are opened here. {@code http} and {@code admin} handle their
 * requests; bodies are read in {@code http.body}. Start with {@link
 * attolytics.http.server.HttpServer}.
 */
@NullMarked
package attolytics.http.server;

import org.jspecify.annotations.NullMarked;
