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
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Why a request is refused, with the status of the answer. Written as {@code
 * application/problem+json}.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
public enum Problem {
  MALFORMED_REQUEST(
      400,
      "The request is not valid HTTP",
      "send a request line and headers that conform to RFC 9112, with one Host, and with one"
          + " Content-Length or Transfer-Encoding: chunked; at most 16 KiB, 100 headers and 50"
          + " query parameters"),
  UNKNOWN_PATH(404, "Unknown path", "send events to /apps/{app_id}/events"),
  UNKNOWN_APP(
      404,
      "Unknown app",
      "check the app id in the path; the apps are declared in the schema file of the service"),
  METHOD_NOT_ALLOWED(405, "Method not allowed", "send events with POST"),
  ORIGIN_NOT_ALLOWED(
      403,
      "The app does not allow this origin",
      "add the origin of the page, scheme and port included, to the app's"
          + " access_control_allow_origin"),
  UNSUPPORTED_MEDIA_TYPE(
      415,
      "Unsupported media type",
      "send events in UTF-8, with one header Content-Type: application/json"),
  UNSUPPORTED_ENCODING(
      415,
      "Unsupported content encoding",
      "send the body uncompressed, or with one header Content-Encoding: gzip"),
  INVALID_IDEMPOTENCY_KEY(
      400, "The Idempotency-Key is not valid", "send one of 1 to 255 characters, or none"),
  BODY_TOO_LARGE(413, "The body is too large", "send the events in several smaller requests"),
  MALFORMED_BODY(400, "The body is malformed", "send one complete JSON object"),
  INVALID_REQUEST(
      422,
      "The body is JSON, but not a valid request",
      "send an object with secret_key and events"),
  WRONG_SECRET_KEY(
      403,
      "The secret key is wrong",
      "the secret_key that was sent is not one of those that the schema file has for the app"),
  UNKNOWN_TABLE(
      404,
      "Unknown table",
      "check _t of the events and the tables of the app in the schema file of the service"),
  INVALID_EVENTS(
      400,
      "Events are invalid",
      "correct the events that are listed in errors; nothing of the request is stored"),
  REFUSED_BY_DATABASE(
      400,
      "The database refused an event",
      "send the request again without the refused event; nothing of it is stored"),
  IDEMPOTENCY_KEY_REUSED(
      422,
      "The Idempotency-Key was used with another body or handling",
      "use another Idempotency-Key for another body or another handling preference"),
  CONFLICT(
      409,
      "A unique constraint refused an event",
      "a row with these values already exists; nothing of the request is stored"),
  TABLE_BROKEN(
      500,
      "A table cannot store events until an operator repairs it",
      "nothing of the request is stored; send it again after an operator has repaired the table"),
  BODY_TOO_SLOW(
      408, "The body arrived too slowly", "nothing of the request is stored; send it again"),
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
      "It is unknown whether the events are stored",
      "send the request again with the same Idempotency-Key; without one, its events may be"
          + " stored twice"),
  INTERNAL_ERROR(
      500,
      "Internal error",
      "report the error_id to the operator of the service, who finds it in the log");

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

  /** The problem of a request with that outcome, or null if it is committed. */
  public static @Nullable Problem of(Outcome.Kind outcome) {
    return switch (outcome) {
      case STORED, REPLAYED -> null;
      case KEY_REUSED -> IDEMPOTENCY_KEY_REUSED;
      case KEY_UNKNOWN -> INVALID_EVENTS;
      case REFUSED -> REFUSED_BY_DATABASE;
      case CONFLICT -> CONFLICT;
      case TABLE_BROKEN -> TABLE_BROKEN;
      case UNAVAILABLE -> DATABASE_UNAVAILABLE;
      case BUFFER_FULL -> BUFFER_FULL;
      case STOPPED -> DRAINING;
      case UNKNOWN -> OUTCOME_UNKNOWN;
    };
  }

  /** The statuses of all problems. */
  public static Set<Integer> statuses() {
    return Stream.of(values()).map(Problem::status).collect(Collectors.toUnmodifiableSet());
  }

  /** The reasons of all problems, as labels of a metric. */
  public static Set<String> reasons() {
    return statusByReason().keySet();
  }

  /** The statuses of all problems, by reason. */
  public static Map<String, Integer> statusByReason() {
    return Stream.of(values())
        .collect(Collectors.toUnmodifiableMap(Problem::reason, Problem::status));
  }

  public int status() {
    return status;
  }

  /** The reason phrase of the status, for a status line. */
  public String reasonPhrase() {
    return StatusCodes.getReason(status);
  }

  /** The reason as a metric's label and in the document's type. */
  public String reason() {
    return reason;
  }

  /** What is wrong, in one line. */
  public String title() {
    return title;
  }

  /** What to do about it. */
  public String advice() {
    return advice;
  }

  /** Whether none of the rows is stored and the same request can succeed later. */
  public boolean retryLater() {
    return status == 503;
  }

  /** Whether the cause is in the service or in the database, not in the request. */
  public boolean isOurs() {
    return status >= 500;
  }

  /**
   * The problem document, in UTF-8.
   *
   * @param detail what is wrong with this request, or null for general advice
   * @param errorId by which it is found in the log, or null if it is not logged as an error
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
