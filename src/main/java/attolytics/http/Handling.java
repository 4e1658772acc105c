package attolytics.http;

import attolytics.schema.App;
import attolytics.schema.InvalidEvents;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** How the invalid events of a request are handled. */
enum Handling {
  /** They refuse the request. */
  STRICT,
  /** They are put into quarantine, as the client prefers, or the app says. */
  LENIENT,
  /** They refuse the request, which was to be handled leniently, as the quarantine is full. */
  STRICT_WHILE_FULL;

  /**
   * The handling that the client prefers, or else the app's.
   *
   * @param quarantineIsFull says of an app whether it may put no more events into quarantine
   */
  static Handling of(@Nullable Preference preference, App app, Predicate<String> quarantineIsFull) {
    boolean lenient =
        preference == null
            ? app.invalidEvents() == InvalidEvents.QUARANTINE
            : preference == Preference.LENIENT;
    if (!lenient) {
      return STRICT;
    }
    return quarantineIsFull.test(app.id()) ? STRICT_WHILE_FULL : LENIENT;
  }

  boolean isLenient() {
    return this == LENIENT;
  }

  /** Why an event refuses its request all the same, as the end of a sentence. */
  String whyStrict() {
    return this == STRICT_WHILE_FULL
        ? "; the app's quarantine is full, and invalid events refuse their request until there is"
            + " room"
        : "";
  }
}
