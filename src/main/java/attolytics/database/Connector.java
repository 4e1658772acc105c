package attolytics.database;

import attolytics.logging.LogMarkers;
import attolytics.settings.DatabaseUrl;
import attolytics.settings.StartException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.postgresql.PGProperty;
import org.postgresql.util.PSQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connects to the database outside of the pool, and explains why if that fails. */
public final class Connector {
  private static final Logger log = LoggerFactory.getLogger(Connector.class);
  private static final Duration POLL = Duration.ofMillis(250);

  /** For a single try, with all hosts of the URL. */
  private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(10);

  /** For a pooler to lend another connection. */
  private static final Duration BESIDE = Duration.ofSeconds(5);

  /** PgBouncer's words on a transaction. */
  private static final String STATEMENT_POOLING = "statement pooling mode";

  private static final String URL_SOURCES =
      "--db_url, ATTOLYTICS_DB_URL or the schema file's database_url";

  private static final String HOSTNAME_NOT_VERIFIED = "08006";

  private Connector() {}

  /** A connection, or at once the reason why there is none. */
  public static Connection connect(DatabaseUrl url, Duration ackTimeout) throws StartException {
    try {
      return tryToConnect(url, ackTimeout);
    } catch (SQLException e) {
      throw noConnection(url, e);
    }
  }

  /**
   * A connection, as soon as there is one.
   *
   * @param timeout how long to wait for a database that is not up yet
   * @param stop ends the wait
   * @throws StartException if waiting does not help, or did not
   * @throws InterruptedException if told to stop
   */
  public static Connection awaitConnection(DatabaseUrl url, Duration timeout, CountDownLatch stop)
      throws StartException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    boolean told = false;
    do {
      try {
        return tryToConnect(url, timeout);
      } catch (SQLException e) {
        if (!mayPass(e) || System.nanoTime() - deadline > 0) {
          throw noConnection(url, e);
        }
        if (!told) {
          told = true;
          log.atWarn()
              .addMarker(LogMarkers.STATE_CHANGE)
              .log("waiting for the database {}: {}", url, words(e));
        }
      }
    } while (!stop.await(POLL.toMillis(), TimeUnit.MILLISECONDS));
    throw new InterruptedException("told to stop");
  }

  /**
   * What the database said, and what to do where a pooler said it.
   *
   * @param what the database did
   */
  public static StartException refused(String what, SQLException e) {
    String message = String.valueOf(e.getMessage());
    String advice =
        message.contains(STATEMENT_POOLING)
            ? "; set pool_mode = transaction, or session, in pgbouncer.ini: a request's rows are"
                + " stored in one transaction"
            : "";
    return new StartException("the database " + what + ": " + message + advice, e);
  }

  /**
   * Makes sure that the connection gets somewhere while another is in a transaction: a pooler may
   * have a single one to the server, and would let us wait for ourselves.
   */
  public static void requireBeside(Connection connection) throws SQLException {
    int usual = connection.getNetworkTimeout();
    connection.setNetworkTimeout(Runnable::run, (int) BESIDE.toMillis());
    try (Statement sql = connection.createStatement()) {
      sql.execute("SELECT 1");
    } catch (SQLException e) {
      throw new SQLException(
          "no second connection beside one in a transaction within %d s; behind a pooler, its pool for this user and database has to have two: see default_pool_size"
              .formatted(BESIDE.toSeconds()),
          "53300",
          e);
    }
    connection.setNetworkTimeout(Runnable::run, usual);
  }

  private static Connection tryToConnect(DatabaseUrl url, Duration ackTimeout) throws SQLException {
    Properties properties = ConnectionPool.driverProperties(url, ackTimeout);
    String timeout = PGProperty.LOGIN_TIMEOUT.getName();
    long seconds = Math.min(LOGIN_TIMEOUT.toSeconds(), Math.max(1, ackTimeout.toSeconds()));
    properties.putIfAbsent(timeout, Long.toString(seconds));
    return DriverManager.getConnection(url.jdbcUrl(), properties);
  }

  /**
   * Whether it may come right by itself: the server cannot be reached, is starting or stopping, or
   * has no connection left. Not a wrong password or database, a parameter that it does not know, or
   * a certificate that is missing or not trusted.
   */
  private static boolean mayPass(SQLException e) {
    if (isAboutTrust(e)) {
      return false;
    }
    String state = String.valueOf(e.getSQLState());
    return switch (state.substring(0, Math.min(2, state.length()))) {
      case "08" -> !state.equals("08004") && !state.equals("08P01"); // rejected; not PostgreSQL
      case "53", "57" -> true;
      default -> false;
    };
  }

  /** Whether it is about certificates: ours, which cannot be read, or the server's. */
  private static boolean isAboutTrust(SQLException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof GeneralSecurityException
          || cause instanceof SSLPeerUnverifiedException
          || cause instanceof FileNotFoundException
          || cause instanceof NoSuchFileException
          || cause instanceof AccessDeniedException) {
        return true;
      }
    }
    // Of another host's certificate the driver tells only in words. All else that is not the
    // server's has a cause.
    return e.getCause() == null && HOSTNAME_NOT_VERIFIED.equals(e.getSQLState()) && isDrivers(e);
  }

  private static boolean isDrivers(SQLException e) {
    return e instanceof PSQLException driver && driver.getServerErrorMessage() == null;
  }

  private static StartException noConnection(DatabaseUrl url, SQLException e) {
    return new StartException(
        "no connection to the database " + url + ": " + words(e) + "; " + advice(e), e);
  }

  private static String advice(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    if (state.startsWith("28")) {
      return "check the user and the password in " + URL_SOURCES;
    }
    if (isAboutTrust(e)) {
      return "check sslmode and sslrootcert in " + URL_SOURCES;
    }
    if (String.valueOf(e.getMessage()).contains("unsupported startup parameter")) {
      return "add it to ignore_startup_parameters in pgbouncer.ini";
    }
    if (state.startsWith("3D")) {
      return "create it, or name another in " + URL_SOURCES;
    }
    return "check " + URL_SOURCES + (mayPass(e) ? ", and whether PostgreSQL runs there" : "");
  }

  /** What the driver said, and why where it does not tell. */
  private static String words(SQLException e) {
    String message = String.valueOf(e.getMessage()).replaceFirst("\\.$", "");
    Throwable cause = e.getCause();
    if (cause instanceof UnknownHostException) {
      return message + ": unknown host " + cause.getMessage();
    }
    boolean told = cause instanceof ConnectException; // refused: in words already
    return cause instanceof IOException && !told ? message + ": " + cause.getMessage() : message;
  }
}
