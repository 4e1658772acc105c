package attolytics.torture;

import org.jspecify.annotations.Nullable;

/** What becomes of a request's invalid events, and who says so: the app, or the client. */
enum Handling {
  STRICT(Database.APP, null),
  /** The app would have it otherwise. */
  STRICT_PREFERRED(Database.LENIENT_APP, "handling=strict"),
  LENIENT(Database.LENIENT_APP, null),
  LENIENT_PREFERRED(Database.APP, "handling=lenient");

  private final String app;
  private final @Nullable String preference;

  Handling(String app, @Nullable String preference) {
    this.app = app;
    this.preference = preference;
  }

  /** The app that the request is sent to. */
  String app() {
    return app;
  }

  /** The request's header Prefer, or null. */
  @Nullable String preference() {
    return preference;
  }

  boolean isLenient() {
    return this == LENIENT || this == LENIENT_PREFERRED;
  }
}
