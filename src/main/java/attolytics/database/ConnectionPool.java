package attolytics.database;

import attolytics.settings.DatabaseUrl;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Properties;
import org.postgresql.PGProperty;

/** The connections to the database. */
public final class ConnectionPool {
  /** Beside the writers': health checks, questions about a lost commit, tables at start. */
  private static final int OTHERS = 2;

  /** A connection is asked for again and again anyway, so no single try may take long. */
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  private ConnectionPool() {}

  /** Opens the pool; whether the database can be reached only shows when one asks for it. */
  public static HikariDataSource open(
      DatabaseUrl url, int writers, Duration ackTimeout, MeterRegistry registry) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("attolytics");
    config.setJdbcUrl(url.jdbcUrl());
    config.setDataSourceProperties(driverProperties(url, ackTimeout));
    // The level is each transaction's own: the pool would set it for the session. And its own
    // queries
    // are rolled back, which isValid()'s, on a new connection, is not: a transaction that is left
    // open
    // keeps one of a pooler's server connections to itself.
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
   * For the driver: user, password and parameters of the URL, what it leaves out, and what it
   * cannot change, so that nothing of ours stays on a session that a pooler gives to somebody else
   * next.
   */
  static Properties driverProperties(DatabaseUrl url, Duration ackTimeout) {
    Properties driver = new Properties();
    PGProperty.APPLICATION_NAME.set(driver, "attolytics");
    PGProperty.TCP_KEEP_ALIVE.set(driver, true);
    PGProperty.CONNECT_TIMEOUT.set(driver, (int) CONNECT_TIMEOUT.toSeconds());
    // For the odd question: a flush has a watchdog of its own.
    PGProperty.SOCKET_TIMEOUT.set(driver, (int) Math.max(1, ackTimeout.toSeconds()));
    driver.putAll(url.properties());
    // No statement gets a name, not even COMMIT: behind a pooler it may be another client's.
    PGProperty.PREPARE_THRESHOLD.set(driver, 0);
    PGProperty.AUTOSAVE.set(driver, "never");
    // Any that is in use: else the driver SETs the application_name, instead of sending it at once.
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(driver, "9.0");
    return driver;
  }
}
