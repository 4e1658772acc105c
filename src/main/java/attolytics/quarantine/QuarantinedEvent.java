package attolytics.quarantine;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A row of the quarantine.
 *
 * @param app the id of the app that it was sent to
 * @param event as it was sent
 * @param headers a JSON object, or null
 */
record QuarantinedEvent(
    long id, Instant receivedAt, String app, String code, String event, @Nullable String headers) {}
