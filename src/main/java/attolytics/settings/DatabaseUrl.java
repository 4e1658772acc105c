package attolytics.settings;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;

/**
 * A database as libpq writes it, made into what the JDBC driver takes. Immutable.
 *
 * <pre>
 *   postgres://user:password@host:port,host:port/database?parameter=value&amp;...
 *   postgres://user@%2Frun%2Fpostgresql/database        a Unix socket, by its directory
 *   postgres:///database?host=/run/postgresql           the same
 * </pre>
 *
 * <p>Left out, the host is {@code localhost}, the port 5432, the user that of the operating system,
 * the database the user's name. Parameters go to the driver, under its names or libpq's. Of several
 * hosts the primary is taken, unless {@code targetServerType} says otherwise.
 *
 * @see <a href="https://www.postgresql.org/docs/current/libpq-connect.html">libpq, 32.1.1</a>
 */
public final class DatabaseUrl {
  private static final Pattern SCHEME =
      Pattern.compile("(?:jdbc:)?postgres(?:ql)?://", Pattern.CASE_INSENSITIVE);
  private static final Pattern HOST_AND_PORT =
      Pattern.compile("(\\[[0-9a-fA-F:.%]+]|[^:\\[\\]]*)(?::([^:]*))?");
  private static final Pattern CREDENTIALS =
      Pattern.compile("([a-zA-Z:]+://)?[^\\s'\"@]*:(?!//)[^\\s'\"]*@");
  private static final Pattern PASSWORD_PARAMETER =
      Pattern.compile("(password=)[^&\\s'\"]*", Pattern.CASE_INSENSITIVE);
  private static final Pattern WHOLE_PASSWORD =
      Pattern.compile("^(?:[^:]*://)?[^:]*(:.*@)", Pattern.DOTALL);
  private static final Pattern WHOLE_PASSWORD_PARAMETER =
      Pattern.compile("(password=)[^&]+", Pattern.CASE_INSENSITIVE);

  /** In words, as user:password@ is hidden wherever it stands. */
  private static final String FORM =
      "postgres://user@host:port/database, with :password after the user";

  private static final String ESCAPES =
      "in a user name or password / is written %2F, ? is %3F, @ is %40, % is %25";

  private static final String DEFAULT_PORT = "5432";

  /** Parameters of libpq's that the driver has under another name or with other values. */
  private static final Map<String, String> TARGETS =
      Map.of(
          "any", "any",
          "read-write", "primary",
          "primary", "primary",
          "read-only", "secondary",
          "standby", "secondary",
          "prefer-standby", "preferSecondary");

  /** The driver's parameters, by their names without capitals and underscores. */
  private static final Map<String, String> DRIVER_PARAMETERS =
      Stream.of(PGProperty.values())
          .map(PGProperty::getName)
          .collect(Collectors.toUnmodifiableMap(DatabaseUrl::plain, name -> name, (a, b) -> a));

  /** Parameters that the driver knows and, given like this, ignores; and what to write instead. */
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

  private final String jdbcUrl;
  private final Map<String, String> properties;
  private final String display;

  private DatabaseUrl(String jdbcUrl, Map<String, String> properties, String display) {
    this.jdbcUrl = jdbcUrl;
    this.properties = Map.copyOf(properties);
    this.display = display;
  }

  /**
   * Reads a URL, and a JDBC one too.
   *
   * @throws IllegalArgumentException if the text is no such URL; the message says why and what is
   *     expected, and quotes nothing that may be part of a password
   */
  public static DatabaseUrl parse(String url) {
    Matcher scheme = SCHEME.matcher(url);
    if (!scheme.lookingAt()) {
      throw new IllegalArgumentException(
          "the database URL does not begin with postgres:// or postgresql://: expected " + FORM);
    }
    String rest = url.substring(scheme.end());
    int authorityEnd = firstOf(rest, '/', '?', 0);
    String authority = rest.substring(0, authorityEnd);
    int queryStart = firstOf(rest, '?', '?', authorityEnd);
    String path = rest.substring(authorityEnd, queryStart);
    int at = authority.lastIndexOf('@');
    if (path.contains("@")) { // the end of a password, and not to be quoted
      throw new IllegalArgumentException("the database URL has an @ after its host: " + ESCAPES);
    }
    Map<String, String> parameters = parameters(rest.substring(queryStart));
    @Nullable String user = null;
    @Nullable String password = null;
    if (at >= 0) {
      String credentials = authority.substring(0, at);
      int colon = credentials.indexOf(':');
      user = decode(colon < 0 ? credentials : credentials.substring(0, colon));
      password = colon < 0 ? null : decode(credentials.substring(colon + 1));
    }
    user = firstGiven(parameters.remove("user"), user, System.getProperty("user.name"), "postgres");
    password = firstGiven(parameters.remove("password"), password, "");
    String database =
        firstGiven(
            parameters.remove("dbname"), path.isEmpty() ? "" : decode(path.substring(1)), user);
    List<Host> hosts =
        hosts(authority.substring(at + 1), parameters.remove("host"), parameters.remove("port"));

    Map<String, String> properties = new LinkedHashMap<>();
    parameters.forEach((name, value) -> putParameter(properties, name, value));
    properties.put(PGProperty.USER.getName(), user);
    if (!password.isEmpty()) {
      properties.put(PGProperty.PASSWORD.getName(), password);
    }
    if (hosts.stream().anyMatch(Host::isSocket)) {
      putSocket(properties, hosts);
    } else {
      TlsParameters.complete(properties);
    }
    if (hosts.size() > 1) { // only one of them can be written to
      properties.putIfAbsent(PGProperty.TARGET_SERVER_TYPE.getName(), "primary");
    }
    return new DatabaseUrl(
        "jdbc:postgresql://"
            + hosts.stream().map(Host::forDriver).collect(Collectors.joining(","))
            + "/"
            + URLEncoder.encode(database, UTF_8),
        properties,
        "postgres://"
            + encode(user)
            + "@"
            + hosts.stream().map(Host::forDisplay).collect(Collectors.joining(","))
            + "/"
            + encode(database));
  }

  /** For {@link java.sql.DriverManager}: hosts and database, neither user nor password. */
  public String jdbcUrl() {
    return jdbcUrl;
  }

  /** User, password and parameters, under the driver's names; a fresh copy. */
  public Properties properties() {
    Properties copy = new Properties();
    copy.putAll(properties);
    return copy;
  }

  /** User, hosts and database, for logs. */
  public String display() {
    return display;
  }

  @Override
  public String toString() {
    return display;
  }

  /**
   * The text without what looks like the user and password of a URL, or like a password parameter.
   * For texts of unknown origin; hides rather too much.
   */
  public static String redact(String text) {
    String hidden = CREDENTIALS.matcher(text).replaceAll("$1***@");
    return PASSWORD_PARAMETER.matcher(hidden).replaceAll("$1***");
  }

  /**
   * The same for a text that quotes what was given, which may be a URL whose password looks like
   * anything: with spaces, quotes, at signs.
   */
  public static String redact(String text, Iterable<String> given) {
    String hidden = text;
    for (String url : given) {
      Matcher password = WHOLE_PASSWORD.matcher(url);
      if (password.find()) {
        hidden = hidden.replace(password.group(1), ":***@");
      }
      Matcher parameter = WHOLE_PASSWORD_PARAMETER.matcher(url);
      while (parameter.find()) {
        hidden = hidden.replace(parameter.group(), parameter.group(1) + "***");
      }
      int at = url.lastIndexOf('@');
      if (at > 0 && url.indexOf(':') < 0) { // what a space in a password has cut off
        hidden = hidden.replace(url, "***" + url.substring(at));
      }
    }
    return redact(hidden);
  }

  /** A host as the driver knows it, or the directory of a Unix socket. */
  private record Host(String name, String port) {
    boolean isSocket() {
      return name.startsWith("/");
    }

    /** With a socket, the driver still wants some host: the socket factory does not look at it. */
    String forDriver() {
      return (isSocket() ? "localhost" : name) + ":" + port;
    }

    String forDisplay() {
      String shown = isSocket() ? encode(name) : name;
      return isSocket() && port.equals(DEFAULT_PORT) ? shown : shown + ":" + port;
    }
  }

  private static List<Host> hosts(
      String authority, @Nullable String hostParameter, @Nullable String portParameter) {
    String[] given = (hostParameter == null ? authority : hostParameter).split(",", -1);
    String[] ports = portParameter == null ? new String[] {} : portParameter.split(",", -1);
    List<Host> hosts = new ArrayList<>();
    for (int i = 0; i < given.length; i++) {
      String port = ports.length == 0 ? "" : ports[Math.min(i, ports.length - 1)];
      String name = given[i];
      if (hostParameter == null) {
        Matcher matcher = HOST_AND_PORT.matcher(given[i]);
        if (!matcher.matches()) {
          throw new IllegalArgumentException(
              "a host of the database URL has brackets or colons in the wrong place: an IPv6 address"
                  + " is written [::1]:5432");
        }
        name = decode(matcher.group(1));
        port = firstGiven(matcher.group(2), port, "");
      } else if (name.contains(":") && !name.startsWith("/")) {
        name = "[" + name + "]";
      }
      if (name.isEmpty() && given.length > 1) {
        throw new IllegalArgumentException("a host of the database URL is empty");
      }
      hosts.add(new Host(name.isEmpty() ? "localhost" : name, checkedPort(port)));
    }
    return hosts;
  }

  /** Does not quote the port: in a URL whose @ was forgotten it is the password. */
  private static String checkedPort(String port) {
    if (port.isEmpty()) {
      return DEFAULT_PORT;
    }
    if (!port.matches("\\d{1,5}")
        || Integer.parseInt(port) < 1
        || Integer.parseInt(port) > 65_535) {
      throw new IllegalArgumentException(
          "a port of the database URL is not a number between 1 and 65535: expected "
              + FORM
              + "; "
              + ESCAPES);
    }
    return port;
  }

  private static Map<String, String> parameters(String query) {
    Map<String, String> parameters = new LinkedHashMap<>();
    if (query.length() <= 1) {
      return parameters;
    }
    for (String parameter : query.substring(1).split("&", -1)) {
      int equals = parameter.indexOf('=');
      if (equals <= 0) {
        throw new IllegalArgumentException(
            "a parameter of the database URL is not of the form name=value"
                + (query.contains("@") ? "; " + ESCAPES : ""));
      }
      String name = decode(parameter.substring(0, equals));
      if (query.contains("@") && !isKnown(name)) { // the end of a password, and not to be quoted
        throw new IllegalArgumentException(
            "the database URL has an @ after a ? that no known parameter follows: " + ESCAPES);
      }
      if (parameters.put(name, decode(parameter.substring(equals + 1))) != null) {
        throw new IllegalArgumentException(
            "the database URL gives the parameter " + quoted(name) + " twice");
      }
    }
    return parameters;
  }

  private static void putParameter(Map<String, String> properties, String name, String value) {
    if (name.equals("target_session_attrs")) {
      String target = TARGETS.get(value);
      if (target == null) {
        throw new IllegalArgumentException(
            "target_session_attrs of the database URL is none of "
                + TARGETS.keySet().stream().sorted().collect(Collectors.joining(", ")));
      }
      properties.put(PGProperty.TARGET_SERVER_TYPE.getName(), target);
      return;
    }
    if (name.equals("keepalives")) {
      properties.put(PGProperty.TCP_KEEP_ALIVE.getName(), String.valueOf(!value.equals("0")));
      return;
    }
    if (name.equals("load_balance_hosts")) { // of libpq's, whose values are other than the driver's
      putLoadBalancing(properties, value);
      return;
    }
    // The driver ignores what it does not know: a misspelt sslmode would go unnoticed.
    String known = DRIVER_PARAMETERS.get(plain(name));
    String instead = known == null ? null : WITHOUT_EFFECT.get(known);
    if (instead != null) {
      throw new IllegalArgumentException(
          "the database URL has the parameter %s, which would have no effect: %s"
              .formatted(quoted(name), instead));
    }
    if (known == null) {
      throw new IllegalArgumentException(
          "the database URL has a parameter that the driver does not know: " + quoted(name));
    }
    checkChoice(known, value);
    properties.put(known, value);
  }

  private static void putLoadBalancing(Map<String, String> properties, String value) {
    if (!value.equals("random") && !value.equals("disable")) {
      throw new IllegalArgumentException(
          "load_balance_hosts of the database URL is none of disable, random");
    }
    properties.put(PGProperty.LOAD_BALANCE_HOSTS.getName(), String.valueOf(value.equals("random")));
  }

  private static boolean isKnown(String name) {
    return List.of("host", "port", "dbname", "target_session_attrs", "keepalives").contains(name)
        || DRIVER_PARAMETERS.containsKey(plain(name));
  }

  /** The driver would only tell it on connecting. */
  private static void checkChoice(String parameter, String value) {
    PGProperty property = PGProperty.forName(parameter);
    String[] choices = property == null ? null : property.getChoices();
    // Of this one the driver takes lists.
    if (choices == null || property == PGProperty.REQUIRE_AUTH) {
      return;
    }
    if (Stream.of(choices).noneMatch(value::equalsIgnoreCase)) {
      throw new IllegalArgumentException(
          parameter + " of the database URL is none of " + String.join(", ", choices));
    }
  }

  private static void putSocket(Map<String, String> properties, List<Host> hosts) {
    if (hosts.size() > 1) {
      throw new IllegalArgumentException(
          "the database URL has a Unix socket among several hosts: it can only stand alone");
    }
    Host socket = hosts.get(0);
    properties.put(
        PGProperty.SOCKET_FACTORY.getName(),
        "org.newsclub.net.unix.AFUNIXSocketFactory$FactoryArg");
    properties.put(
        PGProperty.SOCKET_FACTORY_ARG.getName(), socket.name() + "/.s.PGSQL." + socket.port());
    // The server offers no TLS there, as there is no wire to listen to.
    properties.put(PGProperty.SSL_MODE.getName(), "disable");
  }

  private static String plain(String name) {
    return name.replace("_", "").toLowerCase(Locale.ROOT);
  }

  /** Quotes a name that can be nothing but one. */
  private static String quoted(String name) {
    return name.matches("[A-Za-z_]{1,40}") ? "'" + name + "'" : "(name not shown)";
  }

  private static String firstGiven(@Nullable String... values) {
    String last = "";
    for (String value : values) {
      if (value != null && !value.isEmpty()) {
        return value;
      }
    }
    return last;
  }

  private static int firstOf(String text, char one, char other, int from) {
    int at = from;
    while (at < text.length() && text.charAt(at) != one && text.charAt(at) != other) {
      at++;
    }
    return at;
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, UTF_8).replace("+", "%20");
  }

  /** Percent-decoding only: a plus sign is itself. */
  private static String decode(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the database URL has a % that is not followed by two hexadecimal digits: % is written"
              + " %25");
    }
  }
}
