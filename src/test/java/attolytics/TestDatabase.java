package attolytics;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import attolytics.deploy.Certificate;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * A fresh, empty database for a test class, on the one server of this JVM. The server is started
 * with the first database and is the first of
 *
 * <ol>
 *   <li>that of the environment variable {@code ATTOLYTICS_TEST_DB_URL}: {@code
 *       postgres://user:password@host:port/database}, whose user may create databases, or {@code
 *       embedded:13}, an embedded one of this major version, as {@code .ci/matrix} sets it; with
 *       {@code embedded:13?ssl=on} clients use TLS,
 *   <li>one in Docker, if there is Docker,
 *   <li>an embedded one.
 * </ol>
 *
 * It keeps its promises as one in production does: fsync and synchronous_commit are on.
 */
public final class TestDatabase implements AutoCloseable {
  /**
   * @param query parameters for the driver, with a question mark, or empty
   */
  private record Server(
      String host, int port, String database, String user, String password, String query) {}

  /** Started when it is first asked for, stopped with the JVM. */
  private static final class Lazily {
    private static final Server SERVER = start();
  }

  private static final Logger log = LoggerFactory.getLogger(TestDatabase.class);
  private static final String URL_VARIABLE = "ATTOLYTICS_TEST_DB_URL";
  private static final String CITUS_VARIABLE = "ATTOLYTICS_TEST_CITUS_URL";
  private static final AtomicInteger created = new AtomicInteger();

  private final Server server;
  private final String name;
  private final String drop;

  /**
   * @param drop the command that leaves nothing behind
   */
  private TestDatabase(Server server, String name, String drop) {
    this.server = server;
    this.name = name;
    this.drop = drop;
  }

  /** Creates a database; close it after the tests. */
  public static TestDatabase create() throws SQLException {
    return create("");
  }

  /**
   * Creates one that is not as usual.
   *
   * @param options of CREATE DATABASE
   */
  public static TestDatabase create(String options) throws SQLException {
    Server server = Lazily.SERVER;
    String name = freshName();
    TestDatabase database =
        new TestDatabase(server, name, "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    database.onServer("CREATE DATABASE " + name + " " + options);
    return database;
  }

  /**
   * A fresh, empty schema in the database of a Citus cluster's coordinator, which the environment
   * variable {@code ATTOLYTICS_TEST_CITUS_URL} names, with a superuser; without, the test is
   * skipped. Distributed databases cannot be created that easily.
   */
  public static TestDatabase onCitus() throws SQLException {
    String url = System.getenv(CITUS_VARIABLE);
    assumeTrue(url != null, "no Citus cluster: " + CITUS_VARIABLE + " is not set");
    Server given = given(url);
    String schema = freshName();
    String query = given.query + (given.query.isEmpty() ? "?" : "&") + "currentSchema=" + schema;
    Server server =
        new Server(given.host, given.port, given.database, given.user, given.password, query);
    TestDatabase database =
        new TestDatabase(server, given.database, "DROP SCHEMA IF EXISTS " + schema + " CASCADE");
    database.onServer("CREATE SCHEMA " + schema);
    return database;
  }

  /**
   * Skips the test if the user of this database is no superuser.
   *
   * @param why what only a superuser can do
   */
  public void assumeSuperuser(String why) throws SQLException {
    assumeTrue(
        value("SHOW is_superuser").equals("on"),
        () -> "needs a superuser, to " + why + ", which " + server.user + " is not");
  }

  /** Skips the test, of the service's own server, if the class path has the programs of another. */
  public static void assumeProgramsOfTheService() {
    String url = System.getenv(URL_VARIABLE);
    assumeTrue(
        url == null || !url.startsWith("embedded:"),
        () -> "the server programs on the class path are those of " + url);
  }

  private static String freshName() {
    return "attolytics_test_" + ProcessHandle.current().pid() + "_" + created.incrementAndGet();
  }

  /** Drops the database, even if there are connections to it. */
  @Override
  public void close() throws SQLException {
    onServer(drop);
  }

  /** For the driver; without user and password. */
  public String jdbcUrl() {
    return jdbcUrl(name);
  }

  public String user() {
    return server.user;
  }

  public String password() {
    return server.password;
  }

  public String host() {
    return server.host;
  }

  public int port() {
    return server.port;
  }

  /** The database's name. */
  public String name() {
    return name;
  }

  /** {@code postgres://user:password@host:port/database}, as for {@code --db_url}. */
  public String url() {
    return url(server.host, server.port, server.query);
  }

  /**
   * The same, by way of a proxy on this port of the loopback address. Without TLS, so that the
   * proxy understands what is sent.
   */
  public String urlBy(int proxyPort) {
    String others = server.query.replaceAll("[?&]sslmode=[^&]*", "").replaceFirst("^\\?", "&");
    return url("127.0.0.1", proxyPort, "?sslmode=disable" + others);
  }

  private String url(String host, int port, String query) {
    return "postgres://%s:%s@%s:%d/%s%s"
        .formatted(encode(server.user), encode(server.password), host, port, name, query);
  }

  public Connection connect() throws SQLException {
    return connect(name);
  }

  /** Runs the statements on a connection of their own. */
  public void execute(String... statements) throws SQLException {
    try (Connection connection = connect()) {
      Sql.execute(connection, statements);
    }
  }

  /** The first column of all rows, with "null" for NULL. */
  public List<String> rows(String query) throws SQLException {
    try (Connection connection = connect()) {
      return Sql.rows(connection, query);
    }
  }

  /** The first column of the first row, with "null" for NULL. */
  public String value(String query) throws SQLException {
    return rows(query).get(0);
  }

  /** A pool as the writers have one. */
  public HikariDataSource pool() {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(jdbcUrl());
    config.setUsername(user());
    config.setPassword(password());
    config.setAutoCommit(false);
    config.setMaximumPoolSize(2);
    return new HikariDataSource(config);
  }

  private Connection connect(String database) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", server.user);
    properties.setProperty("password", server.password);
    return DriverManager.getConnection(jdbcUrl(database), properties);
  }

  private String jdbcUrl(String database) {
    return "jdbc:postgresql://" + server.host + ":" + server.port + "/" + database + server.query;
  }

  private void onServer(String command) throws SQLException {
    try (Connection connection = connect(server.database)) {
      Sql.execute(connection, command);
    }
  }

  private static Server start() {
    String url = System.getenv(URL_VARIABLE);
    if (url != null && url.startsWith("embedded:")) {
      log.info("tests run on an embedded PostgreSQL, as {} says: {}", URL_VARIABLE, url);
      return embedded(url);
    }
    if (url != null) {
      log.info("tests run on the database of {}", URL_VARIABLE);
      return given(url);
    }
    if (DockerClientFactory.instance().isDockerAvailable()) {
      log.info("tests run on PostgreSQL in Docker, as {} is not set", URL_VARIABLE);
      return inDocker();
    }
    log.info(
        "tests run on an embedded PostgreSQL, as {} is not set and there is no Docker",
        URL_VARIABLE);
    return embedded(EmbeddedPostgres.builder());
  }

  private static Server given(String url) {
    URI uri = URI.create(url);
    String[] userAndPassword = uri.getRawUserInfo().split(":", 2);
    return new Server(
        uri.getHost(),
        uri.getPort() < 0 ? 5432 : uri.getPort(),
        uri.getPath().substring(1),
        decode(userAndPassword[0]),
        userAndPassword.length == 2 ? decode(userAndPassword[1]) : "",
        uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
  }

  @SuppressWarnings("resource") // stopped with the JVM
  private static Server inDocker() {
    PostgreSQLContainer container =
        new PostgreSQLContainer("postgres:18-alpine")
            .withCommand("postgres"); // without the fsync=off that is the default here
    container.start();
    return new Server(
        container.getHost(),
        container.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT),
        container.getDatabaseName(),
        container.getUsername(),
        container.getPassword(),
        "");
  }

  /**
   * An embedded server of the version that the class path has.
   *
   * @param url which says what version that has to be
   */
  private static Server embedded(String url) {
    String[] versionAndOptions = url.substring("embedded:".length()).split("\\?", 2);
    EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder();
    boolean tls = versionAndOptions.length == 2 && versionAndOptions[1].equals("ssl=on");
    if (tls) {
      encrypt(builder);
    }
    Server server = embedded(builder);
    String found = ask(server, "SHOW server_version");
    if (!found.startsWith(versionAndOptions[0] + ".")) {
      throw new IllegalStateException(url + ": the embedded PostgreSQL is " + found);
    }
    String ssl = ask(server, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    if (!ssl.equals(tls ? "t" : "f")) {
      throw new IllegalStateException(url + ": connections are encrypted: " + ssl);
    }
    return server;
  }

  @SuppressWarnings("resource") // stopped with the JVM
  private static Server embedded(EmbeddedPostgres.Builder builder) {
    try {
      EmbeddedPostgres postgres =
          builder
              .setServerConfig("fsync", "on")
              .setServerConfig("synchronous_commit", "on")
              .start();
      return new Server("localhost", postgres.getPort(), "postgres", "postgres", "postgres", "");
    } catch (IOException e) {
      throw new UncheckedIOException("the embedded PostgreSQL did not start", e);
    }
  }

  private static void encrypt(EmbeddedPostgres.Builder builder) {
    try {
      Path directory = Files.createTempDirectory("attolytics-tls");
      Certificate.selfSigned(directory);
      Path key = directory.resolve("privkey.pem");
      Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
      builder
          .setServerConfig("ssl", "on")
          .setServerConfig("ssl_cert_file", directory.resolve("fullchain.pem").toString())
          .setServerConfig("ssl_key_file", key.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String ask(Server server, String query) {
    TestDatabase database = new TestDatabase(server, server.database, "");
    try {
      return database.value(query);
    } catch (SQLException e) {
      throw new IllegalStateException("the embedded PostgreSQL refused " + query, e);
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
