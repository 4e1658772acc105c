package attolytics.decode;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of decoding a body, apart from the rows. A body can have several problems; the caller
 * decides which of them the client sees. Valid until the decoder's next call.
 */
public final class Decoded {
  /** The maximum number of event errors. */
  static final int MAX_ERRORS = 100;

  @Nullable String malformed;
  @Nullable String invalidShape;
  @Nullable String secretKey;
  boolean wrongSecretKey;
  @Nullable String unknownTable;
  final List<EventError> errors = new ArrayList<>();
  int events;
  boolean anyEventInvalid;

  void clear() {
    malformed = null;
    invalidShape = null;
    secretKey = null;
    wrongSecretKey = false;
    unknownTable = null;
    errors.clear();
    events = 0;
    anyEventInvalid = false;
  }

  /** Marks an event as invalid; returns whether there is room to {@link #add} an error. */
  boolean failEvent() {
    anyEventInvalid = true;
    return errors.size() < MAX_ERRORS;
  }

  /**
   * Adds an error.
   *
   * @param field the name of the field, cut to a bounded length, or null for the event itself
   */
  void add(int event, @Nullable String field, String code, String detail) {
    String pointer = "/events/" + event;
    if (field != null) {
      pointer += "/" + field.replace("~", "~0").replace("/", "~1");
    }
    errors.add(new EventError(event, pointer, code, detail));
  }

  /** Why the body is not JSON, or null. */
  public @Nullable String malformed() {
    return malformed;
  }

  /** Why the body, although JSON, is not a valid request, or null. */
  public @Nullable String invalidShape() {
    return invalidShape;
  }

  /** The body's {@code secret_key}, or null if it has none. */
  public @Nullable String secretKey() {
    return secretKey;
  }

  /** Whether the body has a {@code secret_key} that is not the app's. */
  public boolean wrongSecretKey() {
    return wrongSecretKey;
  }

  /** Which event names a table that is not the app's, or null. */
  public @Nullable String unknownTable() {
    return unknownTable;
  }

  /** Whether at least one event is invalid. */
  public boolean anyEventInvalid() {
    return anyEventInvalid;
  }

  /** The errors of the events, in order: the first {@value #MAX_ERRORS}. */
  public List<EventError> errors() {
    return Collections.unmodifiableList(errors);
  }

  /** The number of events in the body, valid or not. */
  public int events() {
    return events;
  }
}
