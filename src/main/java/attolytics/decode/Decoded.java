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
  @Nullable EventError unknownTable;
  final List<EventError> errors = new ArrayList<>();
  private int repeated; // of the errors, those whose event has an earlier one
  int events;
  boolean anyEventInvalid;
  boolean eventInvalid; // the current one
  @Nullable EventError firstError; // of the current event
  @Nullable LenientEvents lenient;

  void clear() {
    malformed = null;
    invalidShape = null;
    secretKey = null;
    wrongSecretKey = false;
    unknownTable = null;
    errors.clear();
    repeated = 0;
    events = 0;
    anyEventInvalid = false;
    eventInvalid = false;
    firstError = null;
    lenient = null;
  }

  /** The errors that follow are those of the next event. */
  void startEvent() {
    events++;
    eventInvalid = false;
    firstError = null;
  }

  /** Whether the row of the current event cannot be stored. */
  boolean dropsRow() {
    return lenient == null ? anyEventInvalid : eventInvalid;
  }

  /** Marks an event as invalid; returns whether there is room to {@link #add} an error. */
  boolean failEvent() {
    boolean isFirst = !eventInvalid;
    anyEventInvalid = true;
    eventInvalid = true;
    return errors.size() < MAX_ERRORS || (isFirst && lenient != null);
  }

  /**
   * Adds an error.
   *
   * @param field the name of the field, cut to a bounded length, or null for the event itself
   */
  void add(int event, @Nullable String field, String code, String detail) {
    add(event, field, "", code, detail, detail, null, false);
  }

  /**
   * Adds an error in a part of a field.
   *
   * @param path JSON pointer within the value of the field
   * @param reason the detail without the value
   * @param table of the event, or null if it is not known
   * @param ofUnknownField whether the field is no column
   */
  void add(
      int event,
      @Nullable String field,
      String path,
      String code,
      String detail,
      String reason,
      @Nullable String table,
      boolean ofUnknownField) {
    String pointer = "/events/" + event;
    if (field != null) {
      pointer += "/" + field.replace("~", "~0").replace("/", "~1");
    }
    EventError error =
        new EventError(event, pointer + path, code, detail, reason, table, ofUnknownField);
    boolean isFirst = firstError == null;
    if (isFirst) {
      firstError = error;
    }
    if (errors.size() == MAX_ERRORS && isFirst && repeated > 0) {
      removeRepeated(errors);
      repeated--;
    }
    if (errors.size() < MAX_ERRORS) {
      errors.add(error);
      repeated += isFirst ? 0 : 1;
    }
  }

  /**
   * Makes room to name one more event: removes the last error whose event has an earlier one.
   *
   * @param errors in the order of the events
   * @return false if there is none
   */
  static boolean removeRepeated(List<EventError> errors) {
    for (int i = errors.size() - 1; i > 0; i--) {
      if (errors.get(i).event() == errors.get(i - 1).event()) {
        errors.remove(i);
        return true;
      }
    }
    return false;
  }

  /** Whether the body as a whole is a request of a client that has the secret key. */
  boolean isRequest() {
    return malformed == null && invalidShape == null && !wrongSecretKey;
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
  public @Nullable EventError unknownTable() {
    return unknownTable;
  }

  /** Whether at least one event is invalid. */
  public boolean anyEventInvalid() {
    return anyEventInvalid;
  }

  /** The events, if they are handled leniently, else null. */
  public @Nullable LenientEvents lenient() {
    return lenient;
  }

  /**
   * The errors of the events, in order: the first {@value #MAX_ERRORS}. Those of a lenient request
   * name as many events as they can.
   */
  public List<EventError> errors() {
    return Collections.unmodifiableList(errors);
  }

  /** The number of events in the body, valid or not. */
  public int events() {
    return events;
  }
}
