package attolytics.database;

import attolytics.logging.LogMarkers;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.postgresql.PGProperty;
import org.postgresql.util.GT;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connects to the database outside of the pool, and explains a failure. */
public final class Connector {
  private static final Logger log = LoggerFactory.getLogger(Connector.class);
  private static final Duration POLL = Duration.ofMillis(250);

  /** For one of several attempts, over all hosts of the URL. */
  private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(10);

  /** Longer than what single statements may wait for locks, whose error says more. */
  private static final Duration MIN_SOCKET_TIMEOUT = Duration.ofSeconds(30);

  /** For a pooler to assign a second server connection. */
  private static final Duration SECOND_CONNECTION_TIMEOUT = Duration.ofSeconds(5);

  /** Part of PgBouncer's message when a transaction is begun. */
  private static final String STATEMENT_POOLING = "statement pooling mode";

  /** Parts of PgBouncer's messages while the server behind it is away, all with 08P01. */
  private static final List<String> SERVER_AWAY =
      List.of(
          "server_login_retry",
          "cannot connect to server",
          "query_wait_timeout",
          "server conn crashed");

  private static final String URL_SOURCES =
      "--db_url, ATTOLYTICS_DB_URL or the schema file's database_url";

  private static final String HOSTNAME_NOT_VERIFIED = "08006";

  private Connector() {}

  /**
   * Connects, with a single attempt: a database that is not up fails at once, but one that is slow
   * has as much time as when it is waited for.
   */
  public static Connection connect(DatabaseUrl url, Duration ackTimeout) throws StartException {
    try {
      return tryToConnect(url, ackTimeout, ackTimeout);
    } catch (SQLException e) {
      throw noConnection(url, e);
    }
  }

  /**
   * Connects, with as many attempts as it takes.
   *
   * @param timeout how long to wait for a database that is not available yet
   * @param stop at zero, the wait ends
   * @throws StartException if the database refuses the connection, or is not available in time
   * @throws InterruptedException if the wait was ended
   */
  public static Connection awaitConnection(DatabaseUrl url, Duration timeout, CountDownLatch stop)
      throws StartException, InterruptedException {
    return awaitConnection(url, timeout, stop, cause -> {});
  }

  /**
   * Connects as {@link #awaitConnection(DatabaseUrl, Duration, CountDownLatch)} does.
   *
   * @param waiting gets the cause of each failure after which it waits
   */
  public static Connection awaitConnection(
      DatabaseUrl url, Duration timeout, CountDownLatch stop, Consumer<String> waiting)
      throws StartException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    boolean logged = false;
    do {
      try {
        return tryToConnect(
            url, timeout, timeout.compareTo(LOGIN_TIMEOUT) < 0 ? timeout : LOGIN_TIMEOUT);
      } catch (SQLException e) {
        if (!isTransient(e) || System.nanoTime() - deadline > 0) {
          throw noConnection(url, e);
        }
        waiting.accept(cause(e));
        if (!logged) {
          logged = true;
          log.atWarn()
              .addMarker(LogMarkers.STATE_CHANGE)
              .log(
                  "waiting up to {} s for the database {}: {}",
                  timeout.toSeconds(),
                  url,
                  message(e));
        }
      }
    } while (!stop.await(POLL.toMillis(), TimeUnit.MILLISECONDS));
    throw new InterruptedException("stopped while waiting for the database");
  }

  /**
   * Explains a failure with the database's message, and what to do if a pooler sent it, or if the
   * server lacks something.
   *
   * @param what the database did
   */
  public static StartException refused(String what, SQLException e) {
    String message = message(e);
    String advice =
        message.contains(STATEMENT_POOLING)
            ? "; set pool_mode = transaction, or session, in pgbouncer.ini: a request's rows are"
                + " stored in one transaction"
            : hint(e);
    return new StartException("the database " + what + ": " + message + advice, e);
  }

  /** The server's hint, which says what to configure, if it is short of memory, locks or space. */
  private static String hint(SQLException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof PSQLException driver
          && String.valueOf(driver.getSQLState()).startsWith("53")) {
        ServerErrorMessage server = driver.getServerErrorMessage();
        String hint = server == null ? null : server.getHint();
        return hint == null ? "" : "; " + FailureCause.withoutFullStop(hint);
      }
    }
    return "";
  }

  /**
   * Checks that this connection is served while another one is in a transaction. A pooler with a
   * single server connection would make each wait for the other.
   */
  public static void requireSecondConnection(Connection connection) throws SQLException {
    int usual = connection.getNetworkTimeout();
    connection.setNetworkTimeout(Runnable::run, (int) SECOND_CONNECTION_TIMEOUT.toMillis());
    try (Statement sql = connection.createStatement()) {
      sql.execute("SELECT 1");
    } catch (SQLException e) {
      throw new SQLException(
          "no second connection within %d s while another is in a transaction; a pooler's pool for this user and database has to have two: see default_pool_size"
              .formatted(SECOND_CONNECTION_TIMEOUT.toSeconds()),
          "55000",
          e);
    }
    connection.setNetworkTimeout(Runnable::run, usual);
  }

  private static Connection tryToConnect(
      DatabaseUrl url, Duration ackTimeout, Duration loginTimeout) throws SQLException {
    boolean isLong = ackTimeout.compareTo(MIN_SOCKET_TIMEOUT) > 0;
    Properties properties =
        ConnectionPool.driverProperties(url, isLong ? ackTimeout : MIN_SOCKET_TIMEOUT);
    String timeout = PGProperty.LOGIN_TIMEOUT.getName();
    long seconds = Math.max(1, loginTimeout.toSeconds());
    properties.putIfAbsent(timeout, Long.toString(seconds));
    // Of the answer to the request for TLS: else 5 s, after which it might go on without.
    properties.putIfAbsent(
        PGProperty.SSL_RESPONSE_TIMEOUT.getName(),
        Long.toString(TimeUnit.SECONDS.toMillis(seconds)));
    try {
      return DriverManager.getConnection(url.jdbcUrl(), properties);
    } catch (SQLException e) {
      if (!GT.tr("Connection attempt timed out.").equals(e.getMessage())) {
        throw e;
      }
      throw new SQLException(
          "no login within %s s, the server or this machine may be overloaded"
              .formatted(properties.getProperty(timeout)),
          e.getSQLState());
    }
  }

  /**
   * Whether a later attempt may succeed: the server cannot be reached, is starting or stopping, or
   * has no connection left, or a pooler says so of it. Not so with a wrong password or database, an
   * unknown parameter, or a certificate that is missing or not trusted.
   */
  public static boolean isTransient(SQLException e) {
    if (isCertificateError(e)) {
      return false;
    }
    String message = String.valueOf(e.getMessage());
    if (SERVER_AWAY.stream().anyMatch(message::contains)) {
      return true;
    }
    String state = String.valueOf(e.getSQLState());
    return switch (state.substring(0, Math.min(2, state.length()))) {
      case "08" -> !state.equals("08004") && !state.equals("08P01"); // rejected; not PostgreSQL
      case "53", "57" -> true;
      default -> false;
    };
  }

  /**
   * Whether a certificate is the cause: the client's cannot be read, or the server's is refused.
   */
  private static boolean isCertificateError(SQLException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof GeneralSecurityException
          || cause instanceof SSLPeerUnverifiedException
          || cause instanceof FileNotFoundException
          || cause instanceof NoSuchFileException
          || cause instanceof AccessDeniedException) {
        return true;
      }
    }
    // A certificate of another host can only be recognized by what is missing: all other errors of
    // the driver itself have a cause.
    return e.getCause() == null && HOSTNAME_NOT_VERIFIED.equals(e.getSQLState()) && isFromDriver(e);
  }

  private static boolean isFromDriver(SQLException e) {
    return e instanceof PSQLException driver && driver.getServerErrorMessage() == null;
  }

  private static StartException noConnection(DatabaseUrl url, SQLException e) {
    return new StartException(
        "no connection to the database " + url + ": " + message(e) + "; " + advice(e), e);
  }

  private static String advice(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    if (state.startsWith("28")) {
      return "check the user and the password in " + URL_SOURCES;
    }
    if (isCertificateError(e)) {
      return "check sslmode and sslrootcert in " + URL_SOURCES;
    }
    if (String.valueOf(e.getMessage()).contains("unsupported startup parameter")) {
      return "add it to ignore_startup_parameters in pgbouncer.ini";
    }
    if (state.startsWith("3D")) {
      return "create it, or name another in " + URL_SOURCES;
    }
    return "check " + URL_SOURCES + (isTransient(e) ? ", and whether PostgreSQL runs there" : "");
  }

  /** Why there is no connection, or it failed, in a few words and with the SQLSTATE. */
  public static String cause(SQLException e) {
    return FailureCause.of(e);
  }

  /**
   * The cause if the driver or the pool reports the network's, else the message, with what its
   * cause adds to it. They throw subclasses: other exceptions have this program's own words.
   */
  public static String message(SQLException e) {
    boolean isOwn = e.getClass() == SQLException.class;
    String network = isOwn ? null : FailureCause.ofNetwork(e);
    if (network != null) {
      return network;
    }
    String message = FailureCause.withoutFullStop(String.valueOf(e.getMessage()));
    return e.getCause() instanceof IOException cause
        ? message + ": " + cause.getMessage()
        : message;
  }
}
