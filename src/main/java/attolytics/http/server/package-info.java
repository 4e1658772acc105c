/**
 * A listening port: its socket, IO threads, limits on connections, and everything that depends on
 * Undertow's and XNIO's internals (conduits, bytes read ahead).
 *
 * <p>Both ports are opened here. What is served on them is in {@code http} and {@code admin}, how a
 * body is read in {@code http.body}. Begin with {@link attolytics.http.server.HttpServer}.
 */
@NullMarked
package attolytics.http.server;

import org.jspecify.annotations.NullMarked;
