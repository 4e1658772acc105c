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
  @Nullable String foreignTable;
  final List<EventError> errors = new ArrayList<>();
  int events;
  boolean anyEventBad;

  void clear() {
    malformed = null;
    misshapen = null;
    secretKey = null;
    foreignTable = null;
    errors.clear();
    events = 0;
    anyEventBad = false;
  }

  /**
   * Notes something wrong with an event.
   *
   * @param field the field's name, or null if it is the event itself
   */
  void fail(int event, @Nullable String field, String code, String detail) {
    anyEventBad = true;
    if (errors.size() < MAX_ERRORS) {
      errors.add(new EventError(event, pointer(event, field), code, detail));
    }
  }

  private static String pointer(int event, @Nullable String field) {
    return field == null
        ? "/events/" + event
        : "/events/" + event + "/" + Quoted.cut(field.replace("~", "~0").replace("/", "~1"));
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
