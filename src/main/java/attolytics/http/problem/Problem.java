package attolytics.http.problem;

import attolytics.buffer.Outcome;
import attolytics.decode.EventError;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.undertow.util.StatusCodes;
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
public enum Problem {
  MALFORMED_REQUEST(
      400,
      "The request is not HTTP/1.1",
      "send a request line and headers as RFC 9112 has them: one Host, one Content-Length or"
          + " chunks; up to 16 KiB, 100 headers and 50 query parameters"),
  UNKNOWN_PATH(404, "There is nothing at this path", "post events to /apps/{app_id}/events"),
  UNKNOWN_APP(
      404,
      "There is no such app",
      "check the app id in the path; apps are named in the schema file of the service"),
  METHOD_NOT_ALLOWED(405, "Events are sent with POST", "send the request again with POST"),
  ORIGIN_NOT_ALLOWED(
      403,
      "The app does not allow this origin",
      "the page's origin has to be in the app's access_control_allow_origin"),
  UNSUPPORTED_MEDIA_TYPE(
      415,
      "Events are sent as application/json in UTF-8",
      "send one header Content-Type: application/json, and the body in UTF-8"),
  UNSUPPORTED_ENCODING(
      415,
      "The content encoding is not supported",
      "send the body as it is, or with one Content-Encoding: gzip"),
  INVALID_IDEMPOTENCY_KEY(
      400, "The Idempotency-Key is empty or too long", "send one of 1 to 255 characters, or none"),
  BODY_TOO_LARGE(413, "The body is too large", "send the events in several smaller requests"),
  MALFORMED_BODY(400, "The body is malformed", "send one JSON object, and all of it"),
  INVALID_REQUEST(
      422, "The body is JSON, but no request", "send an object with secret_key and events"),
  WRONG_SECRET_KEY(
      403,
      "The secret key is wrong",
      "send the app's secret_key as the schema file of the service has it"),
  UNKNOWN_TABLE(
      404,
      "The app has no such table",
      "check _t of the events, and the tables of the app in the schema file"),
  INVALID_EVENTS(
      400,
      "Events are invalid",
      "mend the events that errors names; nothing of the request is stored"),
  REFUSED_BY_DATABASE(
      400,
      "The database refused an event",
      "send the request again without the refused event; nothing of it is stored"),
  IDEMPOTENCY_KEY_REUSED(
      422,
      "The Idempotency-Key was used before, with another body or handling",
      "send another body, or the same with another preference for its handling, under another"
          + " Idempotency-Key"),
  CONFLICT(
      409,
      "A unique constraint refused an event",
      "a row with these values is there already; nothing of the request is stored"),
  TABLE_BROKEN(
      500,
      "A table takes no events until an operator mends it",
      "nothing of the request is stored; send it again once the operator has mended the table"),
  BODY_TOO_SLOW(408, "The body came too slowly", "nothing of the request is stored; send it again"),
  BUFFER_FULL(
      503,
      "The buffer is full",
      "nothing of the request is stored; send it again after the time in Retry-After"),
  DRAINING(
      503,
      "The service is stopping",
      "nothing of the request is stored; send it again, to another instance or after the restart"),
  DATABASE_UNAVAILABLE(
      503,
      "The database is not available",
      "nothing of the request is stored; send it again after the time in Retry-After"),
  OUTCOME_UNKNOWN(
      504,
      "Whether the events are stored could not be learnt in time",
      "send the request again with the same Idempotency-Key; without one its events may be stored"
          + " twice"),
  INTERNAL_ERROR(
      500, "The service failed", "tell the operator of the service, whose log has the error_id");

  public static final String CONTENT_TYPE = "application/problem+json";

  private static final JsonFactory JSON = new JsonFactory();

  private final int status;
  private final String title;
  private final String advice;
  private final String reason = name().toLowerCase(Locale.ROOT);

  Problem(int status, String title, String advice) {
    this.status = status;
    this.title = title;
    this.advice = advice;
  }

  /** The refusal that an outcome is, or null if it is none. */
  public static @Nullable Problem of(Outcome.Kind outcome) {
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
  public static Set<Integer> statuses() {
    return Stream.of(values()).map(Problem::status).collect(Collectors.toUnmodifiableSet());
  }

  /** All reasons, as labels of a metric. */
  public static Set<String> reasons() {
    return Stream.of(values()).map(Problem::reason).collect(Collectors.toUnmodifiableSet());
  }

  public int status() {
    return status;
  }

  /** What HTTP calls the status. */
  public String reasonPhrase() {
    return StatusCodes.getReason(status);
  }

  /** The reason as a metric's label and in the document's type. */
  public String reason() {
    return reason;
  }

  /** Whether none of the rows is stored and the same request may well succeed in a moment. */
  public boolean retryLater() {
    return status == 503;
  }

  /** Whether it is not the client's fault. */
  public boolean isOurs() {
    return status >= 500;
  }

  /**
   * The problem document, in UTF-8.
   *
   * @param detail what is wrong with this very request, or null for what to do about such problems
   * @param errorId by which the log tells of it, or null if it does not
   */
  public byte[] document(
      @Nullable String detail, List<EventError> errors, @Nullable String errorId) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("type", "urn:attolytics:problem:" + reason);
      json.writeStringField("title", title);
      json.writeNumberField("status", status);
      json.writeStringField("detail", detail == null ? advice : detail);
      if (errorId != null) {
        json.writeStringField("error_id", errorId);
      }
      if (!errors.isEmpty()) {
        json.writeArrayFieldStart("errors");
        for (EventError error : errors) {
          error.write(json);
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
