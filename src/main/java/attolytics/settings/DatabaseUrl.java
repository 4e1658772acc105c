package attolytics.settings;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;

/**
 * A database URL as libpq understands it, parsed for the JDBC driver. Immutable. The password is in
 * {@link #properties} only: what {@link #toString} returns can be logged.
 *
 * <pre>
 *   postgres://user:password@host:port,host:port/database?parameter=value&amp;...
 *   postgres://user@%2Frun%2Fpostgresql/database        a Unix socket, by its directory
 *   postgres:///database?host=/run/postgresql           the same
 * </pre>
 *
 * <p>Defaults: the host is {@code localhost}, the port 5432, the user that of the operating system,
 * the database the user's name. {@link DriverParameters} passes parameters to the driver. Of
 * several hosts the driver connects to the primary, unless {@code targetServerType} is given.
 *
 * @see <a href="https://www.postgresql.org/docs/current/libpq-connect.html">libpq, 32.1.1</a>
 */
public final class DatabaseUrl {
  private static final Pattern SCHEME =
      Pattern.compile("(?:jdbc:)?postgres(?:ql)?://", Pattern.CASE_INSENSITIVE);
  private static final Pattern HOST_AND_PORT =
      Pattern.compile("(\\[[0-9a-fA-F:.%]+]|[^:\\[\\]]*)(?::([^:]*))?");

  /** In words, because {@link Redaction} removes user:password@ from every text. */
  private static final String FORM =
      "postgres://user@host:port/database, with :password after the user";

  private static final String ESCAPES =
      "in a user name or password / is written %2F, ? is %3F, @ is %40, % is %25";

  private static final String DEFAULT_PORT = "5432";

  /** Parameters that replace another part of the URL. */
  private static final Set<String> PARTS = Set.of("host", "port", "dbname");

  private final String jdbcUrl;
  private final Map<String, String> properties;
  private final String display;

  private DatabaseUrl(String jdbcUrl, Map<String, String> properties, String display) {
    this.jdbcUrl = jdbcUrl;
    this.properties = Map.copyOf(properties);
    this.display = display;
  }

  /**
   * Parses a URL, with {@code jdbc:} before it or not.
   *
   * @throws IllegalArgumentException if the text is not such a URL; the message says why and what
   *     is expected, and quotes nothing that may be part of a password
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
    if (path.contains("@")) { // after the rest of a password, which must not be quoted
      throw new IllegalArgumentException("the database URL has an @ after its host: " + ESCAPES);
    }
    Map<String, String> parameters = parameters(rest.substring(queryStart));
    String credentials = at < 0 ? "" : authority.substring(0, at);
    String user = user(credentials, parameters.remove("user"));
    String password = password(credentials, parameters.remove("password"));
    String database =
        firstGiven(
            parameters.remove("dbname"), path.isEmpty() ? "" : decode(path.substring(1)), user);
    List<Host> hosts =
        hosts(authority.substring(at + 1), parameters.remove("host"), parameters.remove("port"));
    return new DatabaseUrl(
        "jdbc:postgresql://"
            + hosts.stream().map(Host::forDriver).collect(Collectors.joining(","))
            + "/"
            + URLEncoder.encode(database, UTF_8),
        properties(user, password, hosts, parameters),
        "postgres://"
            + encode(user)
            + "@"
            + hosts.stream().map(Host::forDisplay).collect(Collectors.joining(","))
            + "/"
            + encode(database));
  }

  private static String user(String credentials, @Nullable String parameter) {
    int colon = credentials.indexOf(':');
    String user = decode(colon < 0 ? credentials : credentials.substring(0, colon));
    return firstGiven(parameter, user, System.getProperty("user.name"), "postgres");
  }

  private static String password(String credentials, @Nullable String parameter) {
    int colon = credentials.indexOf(':');
    String password = colon < 0 ? "" : decode(credentials.substring(colon + 1));
    return firstGiven(parameter, password);
  }

  private static Map<String, String> properties(
      String user, String password, List<Host> hosts, Map<String, String> parameters) {
    Map<String, String> properties = new LinkedHashMap<>();
    parameters.forEach((name, value) -> DriverParameters.put(properties, name, value));
    properties.put(PGProperty.USER.getName(), user);
    if (!password.isEmpty()) {
      properties.put(PGProperty.PASSWORD.getName(), password);
    }
    if (hosts.stream().anyMatch(Host::isSocket)) {
      putSocket(properties, hosts);
    } else {
      TlsParameters.complete(properties);
    }
    if (hosts.size() > 1) { // of which only the primary accepts writes
      properties.putIfAbsent(PGProperty.TARGET_SERVER_TYPE.getName(), "primary");
    }
    return properties;
  }

  /** For {@link java.sql.DriverManager}: hosts and database, without user and password. */
  public String jdbcUrl() {
    return jdbcUrl;
  }

  /** User, password and parameters, under the driver's names; a new copy. */
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

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DatabaseUrl url
        && jdbcUrl.equals(url.jdbcUrl)
        && properties.equals(url.properties);
  }

  @Override
  public int hashCode() {
    return Objects.hash(jdbcUrl, properties);
  }

  /** A host, or the directory of a Unix socket. */
  private record Host(String name, String port) {
    boolean isSocket() {
      return name.startsWith("/");
    }

    /** The driver requires a host with a Unix socket too; the socket factory ignores it. */
    String forDriver() {
      return (isSocket() ? "localhost" : name) + ":" + port;
    }

    String forDisplay() {
      String shown = isSocket() ? encode(name) : name;
      return isSocket() && port.equals(DEFAULT_PORT) ? shown : shown + ":" + port;
    }
  }

  /** As in libpq, a parameter replaces the hosts, or the ports, of the authority. */
  private static List<Host> hosts(
      String authority, @Nullable String hostParameter, @Nullable String portParameter) {
    List<String> names = new ArrayList<>();
    List<String> ports = new ArrayList<>();
    for (String part : authority.split(",", -1)) {
      Matcher matcher = HOST_AND_PORT.matcher(part);
      if (!matcher.matches()) {
        throw new IllegalArgumentException(
            "a host of the database URL has brackets or colons in the wrong place: an IPv6 address"
                + " is written [::1]:5432");
      }
      names.add(decode(matcher.group(1)));
      ports.add(firstGiven(matcher.group(2), ""));
    }
    if (hostParameter != null) {
      names = Stream.of(hostParameter.split(",", -1)).map(DatabaseUrl::bracketed).toList();
    }
    if (portParameter != null) {
      ports = List.of(portParameter.split(",", -1));
    }
    if (ports.size() != 1 && ports.size() != names.size()) {
      throw new IllegalArgumentException(
          "the database URL has %d hosts and %d ports: expected one port for each host, or one for all"
              .formatted(names.size(), ports.size()));
    }
    List<Host> hosts = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      if (name.isEmpty() && names.size() > 1) {
        throw new IllegalArgumentException("a host of the database URL is empty");
      }
      String port = ports.get(ports.size() == 1 ? 0 : i);
      hosts.add(new Host(name.isEmpty() ? "localhost" : name, checkedPort(port)));
    }
    return hosts;
  }

  private static String bracketed(String host) {
    return host.contains(":") && !host.startsWith("/") ? "[" + host + "]" : host;
  }

  /** Does not quote the port: in a URL without its @, the password is in its place. */
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
      if (query.contains("@") && !isKnown(name)) { // after the rest of a password
        throw new IllegalArgumentException(
            "the database URL has an @ after a ? that no known parameter follows: " + ESCAPES);
      }
      if (parameters.put(name, decode(parameter.substring(equals + 1))) != null) {
        throw new IllegalArgumentException(
            "the database URL gives the parameter " + DriverParameters.quoted(name) + " twice");
      }
    }
    return parameters;
  }

  private static boolean isKnown(String name) {
    return PARTS.contains(name) || DriverParameters.isKnown(name);
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
    // PostgreSQL offers no TLS on Unix sockets.
    properties.put(PGProperty.SSL_MODE.getName(), "disable");
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

  /** A user, password or database, as a URL has it. */
  public static String encode(String text) {
    return URLEncoder.encode(text, UTF_8).replace("+", "%20");
  }

  /** Percent-decoding only: a plus sign is not a space. */
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
