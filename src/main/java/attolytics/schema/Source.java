package attolytics.schema;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the service itself fills a column with. */
public enum Source {
  /** When the first byte of the request arrived. */
  RECEIVED_AT(ScalarType.TIMESTAMP),
  /** The IP address of the client, behind the trusted proxies. */
  CLIENT_IP(ScalarType.INET, ScalarType.STRING),
  /** The id of the app. */
  APP_ID(ScalarType.STRING);

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<ScalarType> types;

  Source(ScalarType... types) {
    this.types = List.of(types);
  }

  /** The source of that name in the schema file, or null. */
  public static @Nullable Source named(String name) {
    return names().contains(name) ? valueOf(name.toUpperCase(Locale.ROOT)) : null;
  }

  public static List<String> names() {
    return Stream.of(values()).map(Source::toString).toList();
  }

  /** The types that such a column can have. */
  public List<ScalarType> types() {
    return types;
  }

  /** As in the schema file. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
