package attolytics.http;

import java.time.Duration;

/**
 * What one client may take.
 *
 * @param maxBody bytes of a body, before and after decompression
 * @param bodyTimeout for a whole body to arrive
 * @param headerTimeout for all headers of a request to arrive
 * @param idleTimeout after which a connection without a request is closed
 */
public record Limits(
    int maxBody, Duration bodyTimeout, Duration headerTimeout, Duration idleTimeout) {
  // The idle timeout is longer than that of the proxies before it, or they would send a request
  // into a connection that is just being closed.
  public static Limits of(int maxBody) {
    return new Limits(
        maxBody, Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ofSeconds(90));
  }
}
