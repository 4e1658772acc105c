package attolytics.settings;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.postgresql.PGProperty;

/**
 * Maps the parameters of a database URL to those of the JDBC driver. They can have the driver's
 * names or libpq's. Unknown ones are refused, because the driver ignores them, so that a misspelt
 * {@code sslmode} would go unnoticed.
 */
final class DriverParameters {
  /** Of libpq, with values or a name that the driver does not have. */
  private static final String TARGET_SESSION_ATTRS = "target_session_attrs";

  private static final String KEEPALIVES = "keepalives";
  private static final String LOAD_BALANCE_HOSTS = "load_balance_hosts";

  /** Values of {@code target_session_attrs}, and what the driver calls them. */
  private static final Map<String, String> TARGETS =
      Map.of(
          "any", "any",
          "read-write", "primary",
          "primary", "primary",
          "read-only", "secondary",
          "standby", "secondary",
          "prefer-standby", "preferSecondary");

  /** The driver's parameters, by their names in lower case and without underscores. */
  private static final Map<String, String> NAMES =
      Stream.of(PGProperty.values())
          .map(PGProperty::getName)
          .collect(
              Collectors.toUnmodifiableMap(
                  DriverParameters::normalized, name -> name, (first, second) -> first));

  /** Parameters that the driver knows but ignores in a URL, and what to write instead. */
  private static final Map<String, String> WITHOUT_EFFECT =
      Map.of(
          PGProperty.SERVICE.getName(),
          "write out host, port, dbname and user of the service",
          PGProperty.USER.getName(),
          "write user in lower case",
          PGProperty.PASSWORD.getName(),
          "write password in lower case",
          PGProperty.PG_HOST.getName(),
          "write host",
          PGProperty.PG_PORT.getName(),
          "write port",
          PGProperty.PG_DBNAME.getName(),
          "write dbname",
          "loggerLevel",
          "-v and -vv make the service log more",
          "loggerFile",
          "the service logs to standard error");

  private DriverParameters() {}

  static boolean isKnown(String name) {
    return Set.of(TARGET_SESSION_ATTRS, KEEPALIVES).contains(name)
        || NAMES.containsKey(normalized(name));
  }

  /**
   * Adds a parameter of a URL to the driver's properties.
   *
   * @throws IllegalArgumentException if the driver would ignore or refuse it
   */
  static void put(Map<String, String> properties, String name, String value) {
    switch (name) {
      case TARGET_SESSION_ATTRS ->
          properties.put(PGProperty.TARGET_SERVER_TYPE.getName(), targetServerType(value));
      case KEEPALIVES ->
          properties.put(PGProperty.TCP_KEEP_ALIVE.getName(), String.valueOf(!value.equals("0")));
      case LOAD_BALANCE_HOSTS ->
          properties.put(PGProperty.LOAD_BALANCE_HOSTS.getName(), loadBalanceHosts(value));
      default -> properties.put(driverName(name, value), value);
    }
  }

  private static String targetServerType(String value) {
    String target = TARGETS.get(value);
    if (target == null) {
      throw notOneOf(
          TARGET_SESSION_ATTRS,
          TARGETS.keySet().stream().sorted().collect(Collectors.joining(", ")));
    }
    return target;
  }

  private static String loadBalanceHosts(String value) {
    if (!value.equals("random") && !value.equals("disable")) {
      throw notOneOf(LOAD_BALANCE_HOSTS, "disable, random");
    }
    return String.valueOf(value.equals("random"));
  }

  private static String driverName(String name, String value) {
    String known = NAMES.get(normalized(name));
    if (known == null) {
      throw new IllegalArgumentException(
          "the database URL has a parameter that the driver does not know: " + quoted(name));
    }
    String instead = WITHOUT_EFFECT.get(known);
    if (instead != null) {
      throw new IllegalArgumentException(
          "the database URL has the parameter %s, which would have no effect: %s"
              .formatted(quoted(name), instead));
    }
    checkChoice(known, value);
    return known;
  }

  /** The driver itself would not report it before it connects. */
  private static void checkChoice(String name, String value) {
    PGProperty property = PGProperty.forName(name);
    String[] choices = property == null ? null : property.getChoices();
    if (choices == null || property == PGProperty.REQUIRE_AUTH) { // which takes a list of them
      return;
    }
    if (Stream.of(choices).noneMatch(value::equalsIgnoreCase)) {
      throw notOneOf(name, String.join(", ", choices));
    }
  }

  private static IllegalArgumentException notOneOf(String name, String choices) {
    return new IllegalArgumentException(name + " of the database URL is none of " + choices);
  }

  private static String normalized(String name) {
    return name.replace("_", "").toLowerCase(Locale.ROOT);
  }

  /** Quotes a name, unless it may be part of a password. */
  static String quoted(String name) {
    return name.matches("[A-Za-z_]{1,40}") ? "'" + name + "'" : "(name not shown)";
  }
}
