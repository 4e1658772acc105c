package attolytics.http;

import attolytics.schema.App;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The apps of a schema file by the path of a request. Immutable. */
final class Apps {
  private final Map<String, App> byId;
  private final Map<String, App> byPath = new HashMap<>();

  Apps(Map<String, App> byId) {
    this.byId = Map.copyOf(byId);
    // The usual spelling of each path; others have to be decoded first.
    byId.values().stream()
        .filter(app -> app.id().indexOf('%') < 0)
        .forEach(app -> byPath.put(EventsPath.of(app.id()), app));
  }

  /** The app of a path in its usual spelling, or null. */
  @Nullable App byPath(String target) {
    return byPath.get(target);
  }

  @Nullable App byId(String id) {
    return byId.get(id);
  }
}
