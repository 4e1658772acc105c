package attolytics.http.server;

import java.time.Duration;

/**
 * Limits on clients.
 *
 * @param maxBody bytes of a body, before and after decompression
 * @param maxLargeBodies bodies of more than 64 KiB that are decoded at the same time
 * @param maxConnections open connections; more wait to be accepted
 * @param maxPartialHeads connections in the middle of a request's head; if there are more, the
 *     oldest is closed
 * @param headerTimeout for the headers of a request to arrive, from the first byte on
 * @param bodyTimeout for a body to arrive
 * @param idleTimeout after which a connection is closed that has no request, or whose client does
 *     not read the answer; longer than that of the proxies in front, which would otherwise send a
 *     request into a connection that is being closed
 */
public record Limits(
    int maxBody,
    int maxLargeBodies,
    int maxConnections,
    int maxPartialHeads,
    Duration headerTimeout,
    Duration bodyTimeout,
    Duration idleTimeout) {}
