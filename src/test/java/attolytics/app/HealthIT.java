package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.DatabaseProxy;
import attolytics.Eventually;
import attolytics.TestDatabase;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the admin port tells of the service's health, whatever the database does. */
@Timeout(120)
class HealthIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: s}]}
      apps:
        a: {secret_key: sesame, tables: [t]}
      """;

  private final HttpClient client = HttpClient.newHttpClient();

  private static HttpRequest.Builder request(RunningService service, String path) {
    return HttpRequest.newBuilder(
            URI.create("http://localhost:" + service.service().adminPort() + path))
        .timeout(Duration.ofSeconds(20)); // what would hang fails
  }

  /** What {@code /readyz} answers, as a regular expression. */
  private static String notReady(String reason, String cause) {
    return "not ready: "
        + reason
        + cause
        + ", since "
        + Instant.now().toString().substring(0, 11)
        + "\\d\\d:\\d\\d:\\d\\dZ\n";
  }

  private HttpResponse<String> get(RunningService service, String path) throws Exception {
    return client.send(request(service, path).build(), BodyHandlers.ofString());
  }

  private void awaitReadiness(RunningService service, int status, String body) throws Exception {
    Eventually.await(
        () -> {
          HttpResponse<String> answer = get(service, "/readyz");
          return answer.statusCode() == status && answer.body().matches(body);
        });
    assertEquals(status == 200 ? 1 : 0, service.metric("attolytics_ready"));
  }

  /** For a few probes, each of which may take its time. */
  private void assertUnreadinessStays(RunningService service, String body) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(6);
    while (System.nanoTime() < end) {
      String answer = get(service, "/readyz").body();
      assertTrue(answer.matches(body), answer);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  @Test
  void readyz_tellsOfADatabaseThatIsSilentOrAway_atOnce_andIsReadyAgainByItself() throws Exception {
    try (TestDatabase database = TestDatabase.create();
        DatabaseProxy way = new DatabaseProxy(database);
        RunningService service = RunningService.startAt(way.url(), database, SCHEMA)) {
      awaitReadiness(service, 200, "ready\n");

      way.stall();
      awaitReadiness(service, 503, notReady("the database does not respond", ".*"));
      assertEquals(0, service.metric("attolytics_database_up"));
      long threads = serverThreads();
      List<CompletableFuture<HttpResponse<String>>> checks = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        String path = i % 2 == 0 ? "/readyz" : "/healthz";
        checks.add(client.sendAsync(request(service, path).build(), BodyHandlers.ofString()));
      }
      for (int i = 0; i < 100; i++) {
        assertEquals(i % 2 == 0 ? 503 : 200, checks.get(i).get().statusCode());
      }
      assertEquals(threads, serverThreads());
      assertUnreadinessStays(service, notReady("the database does not respond", ".*"));
      way.open();
      awaitReadiness(service, 200, "ready\n");

      way.cut();
      String unreachable = notReady("the database is unreachable", " \\(.+\\)");
      awaitReadiness(service, 503, unreachable);
      assertUnreadinessStays(service, unreachable);
      assertEquals(200, get(service, "/healthz").statusCode());
      way.open();
      awaitReadiness(service, 200, "ready\n");
      assertEquals(1, service.metric("attolytics_database_up"));
      assertEquals(200, service.post("{\"_t\":\"t\"}").statusCode());
    }
  }

  private static long serverThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("XNIO"))
        .count();
  }

  @Test
  void readyz_tellsOfADatabaseThatOnlyReads() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      String alter = "ALTER DATABASE " + service.database().name();
      service.execute(alter + " SET default_transaction_read_only = on");
      endOtherSessions(service);
      awaitReadiness(service, 503, notReady("the database is read-only", ""));
      try (Connection connection = service.database().connect();
          Statement sql = connection.createStatement()) {
        sql.execute("SET default_transaction_read_only = off");
        sql.execute(alter + " RESET default_transaction_read_only");
      }
      endOtherSessions(service);
      awaitReadiness(service, 200, "ready\n");
    }
  }

  private static void endOtherSessions(RunningService service) throws Exception {
    service.query(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  }

  @Test
  void readyz_tellsOfAFullBuffer() throws Exception {
    try (RunningService service =
            RunningService.start(
                SCHEMA, "", "--max_buffer=128KiB", "--max_body=32KiB", "--flush_bytes=16KiB");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      String large = "{\"_t\":\"t\",\"s\":\"" + "x".repeat(10_000) + "\"}";
      String full =
          notReady(
              "the buffer is full", " \\(\\d+ of 131072 bytes, \\d+ of \\d+ rows are in use\\)");
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      Eventually.await(
          () -> {
            answers.add(service.postAsync(large));
            return get(service, "/readyz").body().matches(full);
          });
      blocker.rollback();
      awaitReadiness(service, 200, "ready\n");
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        assertTrue(List.of(200, 503).contains(answer.get().statusCode()));
      }
    }
  }

  @Test
  void connectionsOfTheProbe_areLeftInNoTransaction() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      awaitReadiness(service, 200, "ready\n");
      Eventually.await(
          () ->
              service
                  .query(
                      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                          + " AND query LIKE '%ROLLBACK%'")
                  .equals("1"));
      assertEquals(
          "0",
          service.query(
              "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                  + " AND state LIKE 'idle in%'"));
    }
  }

  @Test
  void pages_areForGetAndHeadOnly() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      for (String path :
          List.of("/", "/status.json", "/metrics", "/healthz", "/readyz", "/openapi.yaml")) {
        assertForGetAndHeadOnly(service, path);
      }
      assertEquals(404, get(service, "/elsewhere").statusCode());
    }
  }

  private void assertForGetAndHeadOnly(RunningService service, String path) throws Exception {
    HttpResponse<String> get = get(service, path);
    assertEquals(200, get.statusCode());
    HttpResponse<String> head = ask(service, "HEAD", path);
    assertEquals(200, head.statusCode());
    assertEquals("", head.body());
    assertEquals(
        get.headers().firstValue("Content-Type"), head.headers().firstValue("Content-Type"));
    for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS")) {
      HttpResponse<String> other = ask(service, method, path);
      assertEquals(405, other.statusCode(), method);
      assertEquals("GET, HEAD", other.headers().firstValue("Allow").orElse(""));
    }
  }

  private HttpResponse<String> ask(RunningService service, String method, String path)
      throws Exception {
    return client.send(
        request(service, path).method(method, BodyPublishers.noBody()).build(),
        BodyHandlers.ofString());
  }

  @Test
  void metrics_comeInTheFormatThatIsAskedFor() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, "")) {
      HttpResponse<String> plain = get(service, "/metrics");
      assertEquals(
          "text/plain; version=0.0.4; charset=utf-8",
          plain.headers().firstValue("Content-Type").orElse(""));
      HttpResponse<String> open =
          client.send(
              request(service, "/metrics")
                  .header("Accept", "text/plain;q=0.4")
                  .header("Accept", "application/openmetrics-text;version=1.0.0;q=0.6")
                  .build(),
              BodyHandlers.ofString());
      assertEquals(
          "application/openmetrics-text; version=1.0.0; charset=utf-8",
          open.headers().firstValue("Content-Type").orElse(""));
      assertTrue(open.body().endsWith("# EOF\n"));
      assertEquals("Accept", open.headers().firstValue("Vary").orElse(""));
    }
  }
}
