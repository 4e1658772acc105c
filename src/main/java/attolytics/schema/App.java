package attolytics.schema;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** An app of the schema file: its secret keys, origin, validation and tables. Immutable. */
public final class App {
  /** The value of {@code access_control_allow_origin} that allows every origin. */
  public static final String ANY_ORIGIN = "*";

  private final String id;
  private final List<byte[]> secretKeys;
  private final Set<String> allowedOrigins;
  private final Validation validation;
  private final InvalidEvents invalidEvents;
  private final Map<String, Table> tables = new HashMap<>();
  private final List<String> headers;

  /** An app whose invalid events refuse their request. */
  public App(
      String id,
      List<String> secretKeys,
      String allowedOrigin,
      Validation validation,
      Collection<Table> tables) {
    this(id, secretKeys, allowedOrigin, validation, InvalidEvents.REFUSE, tables);
  }

  /** An app with a single origin. */
  public App(
      String id,
      List<String> secretKeys,
      String allowedOrigin,
      Validation validation,
      InvalidEvents invalidEvents,
      Collection<Table> tables) {
    this(id, secretKeys, Set.of(allowedOrigin), validation, invalidEvents, tables);
  }

  /**
   * @param secretKeys each is accepted, so that keys can be rotated
   * @param allowedOrigins browser origins such as {@code https://example.com}, or {@link
   *     #ANY_ORIGIN}
   */
  public App(
      String id,
      List<String> secretKeys,
      Set<String> allowedOrigins,
      Validation validation,
      InvalidEvents invalidEvents,
      Collection<Table> tables) {
    this.id = id;
    this.secretKeys = secretKeys.stream().map(key -> key.getBytes(StandardCharsets.UTF_8)).toList();
    this.allowedOrigins = Set.copyOf(allowedOrigins);
    this.validation = validation;
    this.invalidEvents = invalidEvents;
    tables.forEach(table -> this.tables.put(table.name(), table));
    this.headers = List.copyOf(headers(tables));
  }

  private static Set<String> headers(Collection<Table> tables) {
    Set<String> names = new TreeSet<>();
    for (Table table : tables) {
      for (Column column : table.columns()) {
        if (column.header() != null) {
          names.add(column.header().toLowerCase(Locale.ROOT));
        } else if (column.source() == Source.CLIENT_IP) {
          names.add(Quarantine.CLIENT_IP);
        }
      }
    }
    return names;
  }

  public String id() {
    return id;
  }

  public Validation validation() {
    return validation;
  }

  public InvalidEvents invalidEvents() {
    return invalidEvents;
  }

  public Set<String> allowedOrigins() {
    return allowedOrigins;
  }

  public boolean allowsAnyOrigin() {
    return allowedOrigins.contains(ANY_ORIGIN);
  }

  public boolean allowsOrigin(String origin) {
    return allowsAnyOrigin() || allowedOrigins.contains(origin);
  }

  /** The tables that the app can write to. */
  public Collection<Table> tables() {
    return Collections.unmodifiableCollection(tables.values());
  }

  /**
   * What the tables take from the headers of a request: names in lower case, in their order, with
   * {@link Quarantine#CLIENT_IP} for the address of the client.
   */
  public List<String> headers() {
    return headers;
  }

  /** The app's table of that exact name, or null. */
  public @Nullable Table table(String tableName) {
    return tables.get(tableName);
  }

  /** Whether the key is one of the app's, in constant time. */
  public boolean accepts(String secretKey) {
    byte[] given = secretKey.getBytes(StandardCharsets.UTF_8);
    boolean accepted = false;
    for (byte[] own : secretKeys) {
      accepted |= MessageDigest.isEqual(own, given);
    }
    return accepted;
  }
}
