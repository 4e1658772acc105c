package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.bench.process.PostgresServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A primary that dies under load and a streaming standby that takes its place: two real servers.
 */
class FailoverIT {
  private static final int CLIENTS = 16;

  /** What each client has to get stored before, and after the failover. */
  private static final int REQUESTS = 30;

  @TempDir Path directory;

  private final HttpClient http = HttpClient.newHttpClient();
  private final Set<String> stored = new ConcurrentSkipListSet<>();
  private final Set<Integer> statuses = new ConcurrentSkipListSet<>();
  private final AtomicBoolean over = new AtomicBoolean();

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  @SuppressWarnings("try") // an interruption of the servers' closing fails the test, too
  void clients_loseNothingWhenAStandbyIsPromoted() throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try (PostgresServer primary = PostgresServer.start(false, directory.resolve("primary.log"));
        PostgresServer standby = primary.withStandby(directory.resolve("standby.log"));
        JarProcess a = instance(primary, standby);
        JarProcess b = instance(primary, standby)) {
      List<Integer> ports = List.of(a.port(), b.port());
      AtomicInteger done = new AtomicInteger();
      List<Future<Void>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        running.add(clients.submit(client(i, ports, done)));
      }
      await(() -> done.get() >= CLIENTS * REQUESTS, running);
      leaveCommitsInDoubt(primary, standby);
      primary.stop(PostgresServer.Mode.IMMEDIATE);
      standby.promote();
      int before = done.get();
      await(() -> done.get() >= before + CLIENTS * REQUESTS, running);
      over.set(true);
      for (Future<Void> each : running) {
        each.get();
      }
      assertEquals(List.copyOf(stored), rows(standby), "once each, and nothing else");
      assertTrue(Set.of(0, 200, 503, 504).containsAll(statuses), statuses::toString);
    } finally {
      over.set(true);
      clients.shutdownNow();
    }
  }

  /**
   * Cuts the standby off, and waits until there is a COMMIT that only the primary has: without
   * that, what is asked about after the failover would happen to be on both. (Only one of the
   * instances may be in one, as all clients may be waiting for the same.)
   */
  private static void leaveCommitsInDoubt(PostgresServer primary, PostgresServer standby)
      throws Exception {
    try (Connection connection = standby.connect();
        Statement sql = connection.createStatement()) {
      sql.execute("ALTER SYSTEM SET primary_conninfo = ''");
      sql.execute("SELECT pg_reload_conf()");
    }
    try (Connection connection = primary.connect();
        Statement sql = connection.createStatement()) {
      Eventually.await(
          () -> {
            try (ResultSet waiting =
                sql.executeQuery(
                    "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                        + " AND query = 'COMMIT' AND NOT EXISTS (SELECT FROM pg_stat_replication)")) {
              return waiting.next();
            }
          });
    }
  }

  private static JarProcess instance(PostgresServer primary, PostgresServer standby)
      throws IOException {
    String url =
        primary
            .url()
            .replaceFirst(":\\d+/postgres$", ":%d,127.0.0.1:%d/postgres?targetServerType=primary")
            .formatted(primary.port(), standby.port());
    return JarProcess.start(
        Map.of("ATTOLYTICS_DB_URL", url),
        "--schema=schema-example.conf.yaml",
        "--port=0",
        "--admin_port=0");
  }

  /** Sends one event after the other, each until it is stored, to either instance. */
  private Callable<Void> client(int number, List<Integer> ports, AtomicInteger done) {
    return () -> {
      for (int i = 0; !over.get(); i++) {
        String id = "c%02d-%06d".formatted(number, i);
        for (int attempt = 0; post(ports.get((i + attempt) % 2), id) != 200; attempt++) {
          TimeUnit.MILLISECONDS.sleep(100); // as Retry-After asks, but sooner
        }
        stored.add(id);
        done.incrementAndGet();
      }
      return null;
    };
  }

  /** The answer's status, or 0 if there is none. */
  private int post(int port, String id) throws InterruptedException {
    String body =
        """
        {"secret_key": "example-secret-key", "events": [{"_t": "events",
          "platform": "linux", "version": "1", "event_type": "start", "user_id": "%s"}]}
        """
            .formatted(id);
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://localhost:" + port + "/apps/com.example.myapp/events"))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", id)
            .timeout(Duration.ofMinutes(1))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    int status;
    try {
      status = http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    } catch (IOException e) {
      status = 0;
    }
    statuses.add(status);
    return status;
  }

  /** Sorted. */
  private static List<String> rows(PostgresServer server) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Connection connection = server.connect();
        Statement sql = connection.createStatement();
        ResultSet result =
            sql.executeQuery("SELECT user_id FROM events ORDER BY user_id COLLATE \"C\"")) {
      while (result.next()) {
        rows.add(result.getString(1));
      }
    }
    return rows;
  }

  private static void await(Callable<Boolean> condition, List<Future<Void>> running)
      throws Exception {
    while (!condition.call()) {
      for (Future<Void> each : running) {
        if (each.isDone()) {
          each.get(); // fails
        }
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }
}
