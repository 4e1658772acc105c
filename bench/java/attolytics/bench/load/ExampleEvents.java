package attolytics.bench.load;

import attolytics.schema.App;
import attolytics.schema.Schema;
import attolytics.schema.yaml.SchemaException;
import attolytics.schema.yaml.SchemaFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;

/**
 * Made-up events for the example schema's table, the same ones in each run: few platforms, versions
 * and types, a user each. All columns are given but the one that a header fills.
 */
public final class ExampleEvents {
  /** How the fields of an event are ordered. */
  public enum FieldOrder {
    /** As the columns of the schema file. */
    SCHEMA,
    /** Another order than that of the columns, so that rows have to be reordered. */
    OTHER
  }

  public static final Path SCHEMA_FILE = Path.of("schema-example.conf.yaml");
  public static final String TABLE = "events";
  private static final String APP = "com.example.myapp";
  private static final String SECRET_KEY = "example-secret-key";
  static final String PATH = "/apps/" + APP + "/events";

  private static final String[] PLATFORMS = {"android", "ios", "web", "windows", "linux"};
  private static final String[] TYPES = {
    "session_start", "session_end", "level_start", "level_complete", "level_failed", "purchase",
    "ad_shown", "ad_clicked", "share", "settings_changed", "tutorial_step", "crash"
  };
  private static final int VERSIONS = 20;
  private static final int SEED = 2019;

  private final Random random = new Random(SEED);
  private final FieldOrder order;
  private final String headers;
  private final int invalidEvery;
  private int made;

  public ExampleEvents(FieldOrder order) {
    this(order, "", 0);
  }

  /**
   * @param headers of each request, beside the usual ones
   * @param invalidEvery one event of so many is invalid; 0 if none is
   */
  public ExampleEvents(FieldOrder order, String headers, int invalidEvery) {
    this.order = order;
    this.headers = headers;
    this.invalidEvery = invalidEvery;
  }

  /** The example's only app. The working directory has to be the project's. */
  public static App app() throws SchemaException {
    Schema schema = SchemaFile.read(SCHEMA_FILE, Map.of());
    return Objects.requireNonNull(schema.apps().get(APP));
  }

  /** The next events, {@code perBody} in a body. */
  public List<Body> bodies(int count, int perBody) {
    List<Body> bodies = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      bodies.add(body(perBody));
    }
    return bodies;
  }

  private Body body(int events) {
    StringBuilder json = new StringBuilder(160 * events + 64);
    json.append("{\"secret_key\":\"").append(SECRET_KEY).append("\",\"events\":[");
    int[] times = new int[events];
    int valid = 0;
    for (int i = 0; i < events; i++) {
      json.append(i == 0 ? "{" : ",{").append("\"_t\":\"").append(TABLE).append('"');
      if (invalidEvery > 0 && ++made % invalidEvery == 0) {
        invalid(json);
      } else {
        times[valid++] = event(json);
      }
      json.append('}');
    }
    json.append("]}");
    byte[] bytes = json.toString().getBytes(StandardCharsets.US_ASCII);
    Body body = new Body(PATH, headers, bytes, Arrays.copyOf(times, valid));
    body.stamp(Body.FIRST_TIME);
    return body;
  }

  /** Adds the fields, and returns where the time stands. */
  private int event(StringBuilder json) {
    int time;
    if (order == FieldOrder.SCHEMA) {
      time = time(json);
      platformAndVersion(json);
      user(json);
      type(json);
      score(json);
    } else {
      type(json);
      score(json);
      user(json);
      platformAndVersion(json);
      time = time(json);
    }
    return time;
  }

  /** As an event is that an old client sends: whole, but for one value. */
  private void invalid(StringBuilder json) {
    platformAndVersion(json);
    user(json);
    type(json);
    text(json, "score", "none");
  }

  private static int time(StringBuilder json) {
    json.append(",\"time\":");
    int at = json.length();
    json.append("0000000000.000000");
    return at;
  }

  private void platformAndVersion(StringBuilder json) {
    text(json, "platform", PLATFORMS[random.nextInt(PLATFORMS.length)]);
    int version = random.nextInt(VERSIONS);
    text(json, "version", "1." + version / 4 + "." + version % 4);
  }

  private void user(StringBuilder json) {
    text(json, "user_id", new UUID(random.nextLong(), random.nextLong()).toString());
  }

  private void type(StringBuilder json) {
    text(json, "event_type", TYPES[random.nextInt(TYPES.length)]);
  }

  private void score(StringBuilder json) {
    json.append(",\"score\":").append(random.nextInt(100_000));
  }

  private static void text(StringBuilder json, String field, String value) {
    json.append(",\"").append(field).append("\":\"").append(value).append('"');
  }
}
