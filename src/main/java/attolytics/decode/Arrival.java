package attolytics.decode;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a request beside an event that is put into quarantine.
 *
 * @param receivedAt when the request came
 * @param idempotencyKey as the client sent it, or null
 */
public record Arrival(Instant receivedAt, @Nullable String idempotencyKey) {}
