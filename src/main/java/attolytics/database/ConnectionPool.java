package attolytics.database;

import attolytics.settings.DatabaseUrl;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Properties;
import org.postgresql.PGProperty;

/** Opens the pool of connections to the database. */
public final class ConnectionPool {
  /**
   * Besides the writers': for probes, maintenance, and the outcome of lost commits. One more than
   * these need by themselves, because counting a large quarantine takes long. None is reserved.
   */
  private static final int OTHERS = 3;

  /** Short, because callers retry. */
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  private ConnectionPool() {}

  /** Opens the pool. It connects to the database when a connection is requested. */
  public static HikariDataSource open(
      DatabaseUrl url, int writers, Duration ackTimeout, MeterRegistry registry) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("attolytics");
    config.setJdbcUrl(url.jdbcUrl());
    config.setDataSourceProperties(driverProperties(url, ackTimeout));
    // The pool would set an isolation level for the session; each transaction sets its own. The
    // pool's own queries are rolled back, unlike that of isValid() on a new connection, because an
    // open transaction occupies a server connection of a pooler.
    config.setAutoCommit(false);
    config.setIsolateInternalQueries(true);
    config.setConnectionTestQuery("SELECT 1");
    config.setMaximumPoolSize(writers + OTHERS);
    config.setMinimumIdle(writers);
    config.setConnectionTimeout(CONNECT_TIMEOUT.toMillis());
    config.setValidationTimeout(CONNECT_TIMEOUT.toMillis() / 2);
    config.setInitializationFailTimeout(-1);
    config.setMetricRegistry(registry);
    return new HikariDataSource(config);
  }

  /**
   * Properties for the driver: user, password and parameters of the URL, defaults for the rest, and
   * some that the URL cannot change, so that no session state stays behind with a pooler.
   */
  static Properties driverProperties(DatabaseUrl url, Duration ackTimeout) {
    Properties driver = new Properties();
    PGProperty.APPLICATION_NAME.set(driver, "attolytics");
    PGProperty.TCP_KEEP_ALIVE.set(driver, true);
    PGProperty.CONNECT_TIMEOUT.set(driver, (int) CONNECT_TIMEOUT.toSeconds());
    // For single queries. A flush has a deadline of its own.
    PGProperty.SOCKET_TIMEOUT.set(driver, (int) Math.max(1, ackTimeout.toSeconds()));
    PGProperty.SOCKET_FACTORY.set(driver, AbortableSocketFactory.class.getName());
    driver.putAll(url.properties());
    // No named statements, not even COMMIT: behind a pooler the name may be another client's.
    PGProperty.PREPARE_THRESHOLD.set(driver, 0);
    PGProperty.AUTOSAVE.set(driver, "never");
    // The server's DETAIL quotes rows, and messages of exceptions get into the log.
    PGProperty.LOG_SERVER_ERROR_DETAIL.set(driver, false);
    // Otherwise the driver SETs application_name instead of sending it with the startup message.
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(driver, "9.0");
    return driver;
  }
}
