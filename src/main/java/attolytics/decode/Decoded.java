package attolytics.decode;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Decoder} found in a body, besides the rows. Several things may be wrong at once;
 * which of them the client is told is not decided here. Valid until the decoder's next body.
 */
public final class Decoded {
  /** How many errors of events are kept. */
  static final int MAX_ERRORS = 100;

  @Nullable String malformed;
  @Nullable String misshapen;
  @Nullable String secretKey;
  boolean keyRefused;
  @Nullable String foreignTable;
  final List<EventError> errors = new ArrayList<>();
  int events;
  boolean anyEventBad;

  void clear() {
    malformed = null;
    misshapen = null;
    secretKey = null;
    keyRefused = false;
    foreignTable = null;
    errors.clear();
    events = 0;
    anyEventBad = false;
  }

  /** Notes that an event is bad; whether it is worth while to {@link #add} why. */
  boolean eventFailed() {
    anyEventBad = true;
    return errors.size() < MAX_ERRORS;
  }

  /**
   * Notes what is wrong with an event.
   *
   * @param field the field's name, not too long, or null if it is the event itself
   */
  void add(int event, @Nullable String field, String code, String detail) {
    String pointer = "/events/" + event;
    if (field != null) {
      pointer += "/" + field.replace("~", "~0").replace("/", "~1");
    }
    errors.add(new EventError(event, pointer, code, detail));
  }

  /** Why the body is no JSON, or null. */
  public @Nullable String malformed() {
    return malformed;
  }

  /** Why the body, though JSON, is no request, or null. */
  public @Nullable String misshapen() {
    return misshapen;
  }

  /** The body's {@code secret_key}, or null if it has none. */
  public @Nullable String secretKey() {
    return secretKey;
  }

  /** Whether the body's {@code secret_key} is none of the app's. */
  public boolean keyRefused() {
    return keyRefused;
  }

  /** Says which table is none of the app's, or null if all are. */
  public @Nullable String foreignTable() {
    return foreignTable;
  }

  /** Whether at least one event cannot be stored. */
  public boolean anyEventBad() {
    return anyEventBad;
  }

  /** What is wrong with the events, in their order: the first {@value #MAX_ERRORS}. */
  public List<EventError> errors() {
    return Collections.unmodifiableList(errors);
  }

  /** How many events the body holds, good or bad. */
  public int events() {
    return events;
  }
}
