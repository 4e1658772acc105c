package attolytics.http;

import attolytics.buffer.Outcome;
import attolytics.decode.EventError;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Why a request is refused: each reason with its status. Written as {@code
 * application/problem+json}.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
enum Problem {
  UNKNOWN_PATH(404, "There is nothing at this path"),
  UNKNOWN_APP(404, "There is no such app"),
  METHOD_NOT_ALLOWED(405, "Events are sent with POST"),
  ORIGIN_NOT_ALLOWED(403, "The app does not allow this origin"),
  UNSUPPORTED_MEDIA_TYPE(415, "Events are sent as application/json in UTF-8"),
  UNSUPPORTED_ENCODING(415, "The content encoding is not supported"),
  INVALID_IDEMPOTENCY_KEY(400, "The Idempotency-Key is empty or too long"),
  BODY_TOO_LARGE(413, "The body is too large"),
  MALFORMED_BODY(400, "The body is malformed"),
  INVALID_REQUEST(422, "The body is JSON, but no request"),
  WRONG_SECRET_KEY(403, "The secret key is wrong"),
  UNKNOWN_TABLE(404, "The app has no such table"),
  INVALID_EVENTS(400, "Events are invalid"),
  REFUSED_BY_DATABASE(400, "The database refused an event"),
  IDEMPOTENCY_KEY_REUSED(422, "The Idempotency-Key was used before, with another body"),
  CONFLICT(409, "A unique constraint refused an event"),
  TABLE_BROKEN(500, "A table takes no events until an operator mends it"),
  BODY_TOO_SLOW(408, "The body came too slowly"),
  BUFFER_FULL(503, "The buffer is full"),
  DRAINING(503, "The service is stopping"),
  DATABASE_UNAVAILABLE(503, "The database is not available"),
  OUTCOME_UNKNOWN(504, "Whether the events are stored could not be learnt in time"),
  INTERNAL_ERROR(500, "The service failed");

  static final String CONTENT_TYPE = "application/problem+json";

  private static final JsonFactory JSON = new JsonFactory();

  private final int status;
  private final String title;
  private final String reason = name().toLowerCase(Locale.ROOT);

  Problem(int status, String title) {
    this.status = status;
    this.title = title;
  }

  /** The refusal that an outcome is, or null if it is none. */
  static @Nullable Problem of(Outcome.Kind outcome) {
    return switch (outcome) {
      case STORED, REPLAYED -> null;
      case KEY_REUSED -> IDEMPOTENCY_KEY_REUSED;
      case REFUSED -> REFUSED_BY_DATABASE;
      case CONFLICT -> CONFLICT;
      case TABLE_BROKEN -> TABLE_BROKEN;
      case UNAVAILABLE -> DATABASE_UNAVAILABLE;
      case STOPPED -> DRAINING;
      case UNKNOWN -> OUTCOME_UNKNOWN;
    };
  }

  /** All statuses of refusals. */
  static Set<Integer> statuses() {
    return Stream.of(values()).map(Problem::status).collect(Collectors.toUnmodifiableSet());
  }

  /** All reasons, as labels of a metric. */
  static Set<String> reasons() {
    return Stream.of(values()).map(Problem::reason).collect(Collectors.toUnmodifiableSet());
  }

  int status() {
    return status;
  }

  /** The reason as a metric's label and in the document's type. */
  String reason() {
    return reason;
  }

  /** Whether none of the rows is stored and the same request may well succeed in a moment. */
  boolean retryLater() {
    return status == 503;
  }

  /** Whether it is not the client's fault. */
  boolean isOurs() {
    return status >= 500;
  }

  /**
   * The problem document, in UTF-8.
   *
   * @param errorId by which the log tells of it, or null if it does not
   */
  byte[] document(@Nullable String detail, List<EventError> errors, @Nullable String errorId) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("type", "urn:attolytics:problem:" + reason);
      json.writeStringField("title", title);
      json.writeNumberField("status", status);
      if (detail != null) {
        json.writeStringField("detail", detail);
      }
      if (errorId != null) {
        json.writeStringField("error_id", errorId);
      }
      if (!errors.isEmpty()) {
        json.writeArrayFieldStart("errors");
        for (EventError error : errors) {
          json.writeStartObject();
          json.writeNumberField("event", error.event());
          json.writeStringField("pointer", error.pointer());
          json.writeStringField("code", error.code());
          json.writeStringField("detail", error.detail());
          json.writeEndObject();
        }
        json.writeEndArray();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }
}
