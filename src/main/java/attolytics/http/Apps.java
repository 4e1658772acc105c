package attolytics.http;

import attolytics.schema.App;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The apps of a schema file, as requests name them. Immutable. */
final class Apps {
  private final Map<String, App> byId;
  private final Map<String, App> byPath = new HashMap<>();

  Apps(Map<String, App> byId) {
    this.byId = Map.copyOf(byId);
    // As most clients spell them; the other spellings are decoded.
    byId.values().forEach(app -> byPath.put(EventsPath.of(app.id()), app));
  }

  /** The app whose path that is, as most clients spell it, or null. */
  @Nullable App byPath(String target) {
    return byPath.get(target);
  }

  @Nullable App byId(String id) {
    return byId.get(id);
  }
}
