package attolytics.decode;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/**
 * An error in an event.
 *
 * @param event the event's index in the array
 * @param pointer JSON pointer (RFC 6901) to the invalid value, such as {@code /events/3/score}
 * @param code a fixed identifier, for programs
 * @param detail an explanation, for people, that may quote the value
 * @param reason the explanation without anything of a value
 */
public record EventError(int event, String pointer, String code, String detail, String reason) {
  private static final int OVERHEAD_BYTES = 128;

  /** An error whose explanation quotes no value. */
  public EventError(int event, String pointer, String code, String detail) {
    this(event, pointer, code, detail, detail);
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
