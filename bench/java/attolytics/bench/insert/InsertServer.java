package attolytics.bench.insert;

import attolytics.bench.load.ExampleEvents;
import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.http.IngestContext;
import attolytics.http.IngestHandler;
import attolytics.http.server.HttpServer;
import attolytics.http.server.Limits;
import attolytics.metrics.Metrics;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentRefusals;
import attolytics.schema.App;
import attolytics.schema.Table;
import attolytics.settings.TrustedProxies;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Properties;
import org.postgresql.PGProperty;

/**
 * What the service would be without its writer: the same HTTP front, decoder and ring, but each
 * request becomes a transaction of INSERTs on one of eight connections. The example's table only.
 *
 * <p>Its argument is an {@link InsertStyle}; the database's JDBC URL is in the environment, where
 * the service has its own.
 */
public final class InsertServer {
  private static final int CONNECTIONS = 8;
  private static final int RING_ROWS = 1 << 17;
  private static final long MAX_BUFFER = 64 << 20;
  private static final Duration TIMEOUT = Duration.ofMinutes(1);
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
  private static final Limits LIMITS =
      new Limits(1 << 20, PROCESSORS, 20_000, 1000, TIMEOUT, TIMEOUT, TIMEOUT);

  private InsertServer() {}

  public static void main(String[] args) throws Exception {
    InsertStyle style = InsertStyle.valueOf(args[0]);
    App app = ExampleEvents.app();
    Table table = app.tables().iterator().next();
    Ring ring = new Ring(RING_ROWS);
    for (int i = 0; i < CONNECTIONS; i++) {
      new Thread(new InsertWriter(ring, connect(style), table, style), "writer-" + i).start();
    }
    Budget budget = new Budget(MAX_BUFFER);
    IngestContext ingest =
        new IngestContext(
            ring,
            budget,
            LIMITS,
            Metrics.NONE,
            TrustedProxies.LOOPBACK,
            InstantSource.system(),
            id -> false,
            new RecentRefusals(),
            new RecentOutages());
    HttpServer http =
        HttpServer.open(
            "localhost",
            0,
            PROCESSORS,
            LIMITS,
            Metrics.NONE,
            new RecentRefusals(),
            new RecentOutages(),
            new IngestHandler(ingest, Map.of(app.id(), app)));
    // Nothing to flush at the end: the load has all answers when it stops this server.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));
    System.out.println("accepting events on http://localhost:" + http.port());
  }

  private static Connection connect(InsertStyle style) throws Exception {
    Properties driver = new Properties();
    PGProperty.REWRITE_BATCHED_INSERTS.set(driver, style == InsertStyle.BATCH);
    Connection connection = DriverManager.getConnection(System.getenv("ATTOLYTICS_DB_URL"), driver);
    connection.setAutoCommit(false);
    return connection;
  }
}
