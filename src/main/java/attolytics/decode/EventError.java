package attolytics.decode;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An error in an event.
 *
 * @param event the event's index in the array
 * @param pointer JSON pointer (RFC 6901) to the invalid value, such as {@code /events/3/score}
 * @param code a fixed identifier, for programs
 * @param detail an explanation, for people, that may quote the value
 * @param reason the explanation without anything of a value
 * @param table of the app, for which the event is, or null if it is not known
 * @param ofUnknownField whether the pointer has the name of a field that is no column, so that the
 *     client can put anything there
 */
public record EventError(
    int event,
    String pointer,
    String code,
    String detail,
    String reason,
    @Nullable String table,
    boolean ofUnknownField) {
  private static final int OVERHEAD_BYTES = 128;

  /** An error whose pointer has no name that the client invented. */
  public EventError(
      int event,
      String pointer,
      String code,
      String detail,
      String reason,
      @Nullable String table) {
    this(event, pointer, code, detail, reason, table, false);
  }

  /** An error whose explanation quotes no value. */
  public EventError(int event, String pointer, String code, String detail) {
    this(event, pointer, code, detail, detail, null);
  }

  /** The pointer from the event on: {@code /score}. */
  String pointerInEvent() {
    return pointer.substring("/events/".length() + Integer.toString(event).length());
  }

  /** About how much memory it takes. */
  public int heapBytes() {
    return OVERHEAD_BYTES + 2 * (pointer.length() + detail.length() + reason.length());
  }

  /** Writes the error as an entry of {@code errors}. */
  public void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeNumberField("event", event);
    json.writeStringField("pointer", pointer);
    json.writeStringField("code", code);
    json.writeStringField("detail", detail);
    json.writeEndObject();
  }
}
