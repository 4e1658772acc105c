package attolytics.http.server;

import java.time.Duration;

/**
 * What clients may take.
 *
 * @param maxBody bytes of a body, before and after decompression
 * @param maxConnections open at the same time; further ones wait to be accepted
 * @param maxPartialHeads connections of them in the middle of a request's head; past it the oldest
 *     is closed
 * @param headerTimeout for all headers of a request to arrive, from the first byte on
 * @param bodyTimeout for a whole body to arrive
 * @param idleTimeout after which a connection without a request, or with an answer that is not
 *     read, is closed; longer than that of the proxies before it, or they would send a request into
 *     a connection that is just being closed
 */
public record Limits(
    int maxBody,
    int maxConnections,
    int maxPartialHeads,
    Duration headerTimeout,
    Duration bodyTimeout,
    Duration idleTimeout) {}
