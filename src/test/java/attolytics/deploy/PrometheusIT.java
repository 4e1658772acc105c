package attolytics.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.bench.process.PostgresServer;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real Prometheus with {@code deploy/prometheus/} scrapes the service and calls for help when the
 * database is away; every query of the Grafana dashboard is asked of it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(400)
class PrometheusIT {
  private static final String DASHBOARD = "deploy/grafana/attolytics.json";
  private static final String PATH = "/apps/com.example.myapp/events";
  private static final String EVENT =
      "{\"secret_key\": \"example-secret-key\", \"events\": [{\"_t\": \"events\", \"platform\":"
          + " \"test\", \"version\": \"1\", \"event_type\": \"test\", \"score\": %s}]}";

  private final HttpClient client = HttpClient.newHttpClient();
  private final AtomicBoolean enough = new AtomicBoolean();
  private PostgresServer database;
  private Instance instance;
  private Program prometheus;
  private Thread traffic;
  private int port;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    String program = Program.installed("prometheus");
    database = PostgresServer.start(false, directory.resolve("postgres.log"));
    instance =
        new Instance(
                database.url(),
                schema(directory),
                directory.resolve("service.log"),
                "--ack_timeout=10s")
            .start();
    // So that the database has something to refuse.
    execute("ALTER TABLE events ADD CHECK (score < 1000)");
    traffic = new Thread(this::sendAllSorts, "traffic");
    traffic.start();
    port = Program.freePort();
    prometheus =
        Program.start(
            directory.resolve("prometheus.log"),
            Map.of(),
            List.of(
                program,
                "--config.file=" + configuration(directory),
                "--storage.tsdb.path=" + directory.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port,
                "--log.level=warn"));
    Eventually.await("Prometheus is ready", this::isReady);
    Eventually.await("Prometheus sees the service", () -> hasData("up{job=\"attolytics\"} == 1"));
  }

  @AfterAll
  void stop() throws Exception {
    enough.set(true);
    if (traffic != null) {
      traffic.join();
    }
    for (AutoCloseable each : new @Nullable AutoCloseable[] {prometheus, instance, database}) {
      if (each != null) {
        each.close();
      }
    }
  }

  /** The example, and a table that is partitioned. */
  private static Path schema(Path directory) throws IOException {
    String example = Files.readString(Path.of("schema-example.conf.yaml"));
    String partitioned =
        "\ntables:\n  daily:\n    columns: [{name: day, type: date, required: true}]\n"
            + "    partition_by: {column: day, interval: day}\n";
    assertTrue(example.contains("\ntables:\n"));
    return Files.writeString(
        directory.resolve("schema.yaml"), example.replace("\ntables:\n", partitioned));
  }

  /** The files as they are, but for the port and for a time that runs faster. */
  private Path configuration(Path directory) throws IOException {
    String rules = Files.readString(Path.of(Rules.FILE));
    Files.writeString(
        directory.resolve("attolytics.rules.yml"),
        rules.replaceAll("for: \\d+m", "for: 1s").replaceAll("\\[\\d+m]", "[15s]"));
    String configuration = Files.readString(Path.of("deploy/prometheus/prometheus.yml"));
    String targets = "[\"127.0.0.1:8001\", \"127.0.0.1:8011\"]";
    assertTrue(configuration.contains(targets));
    return Files.writeString(
        directory.resolve("prometheus.yml"),
        configuration
            .replace(targets, "[\"127.0.0.1:" + instance.adminPort() + "\"]")
            .replace("15s", "500ms"));
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Good, repeated and bad requests, until there have been enough; whatever comes of them. */
  private void sendAllSorts() {
    for (int i = 0; !enough.get(); i++) {
      for (Object score : List.of(1, 1, "\"many\"", 1000)) {
        try {
          int unused = post("key-" + i + "-" + score, EVENT.formatted(score));
          TimeUnit.MILLISECONDS.sleep(20);
        } catch (IOException | InterruptedException e) {
          return;
        }
      }
    }
  }

  private int post(String key, String body) throws IOException, InterruptedException {
    return client
        .send(
            HttpRequest.newBuilder(URI.create("http://localhost:" + instance.port() + PATH))
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .timeout(Duration.ofSeconds(60))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString())
        .statusCode();
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(60))
            .build(),
        BodyHandlers.ofString());
  }

  private boolean isReady() throws InterruptedException {
    try {
      return get("/-/ready").statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private Yaml api(String path) throws IOException, InterruptedException {
    String answer = get("/api/v1/" + path).body();
    Yaml parsed = Yaml.parse(answer);
    assertEquals("success", parsed.at("status").text(), answer);
    return parsed.at("data");
  }

  /** Whether a query has a result that is a number. */
  private boolean hasData(String query) throws IOException, InterruptedException {
    return api("query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8))
        .at("result")
        .list()
        .stream()
        .anyMatch(sample -> !sample.at("value", 1).text().equals("NaN"));
  }

  private static String firing(String alert) {
    return "ALERTS{alertname=\"" + alert + "\", alertstate=\"firing\"}";
  }

  @Test
  void everyRule_isEvaluated() throws Exception {
    for (String record : Rules.records()) {
      Eventually.await(record + " has data", () -> hasData(record));
    }
    for (Yaml group : api("rules").at("groups").list()) {
      for (Yaml rule : group.at("rules").list()) {
        assertEquals("ok", rule.at("health").text(), rule::text);
      }
    }
  }

  @Test
  void everyQueryOfTheDashboard_hasData() throws Exception {
    Yaml dashboard = Yaml.read(DASHBOARD);
    List<String> queries =
        Stream.concat(
                dashboard.at("panels").list().stream()
                    .filter(panel -> panel.has("targets"))
                    .flatMap(panel -> panel.at("targets").list().stream())
                    .map(target -> target.at("expr").text()),
                dashboard.at("templating", "list").list().stream()
                    .map(variable -> variable.at("query"))
                    .filter(query -> query.node() instanceof Map)
                    .map(query -> query.at("query").text()))
            .toList();
    assertTrue(queries.size() > 20, queries::toString);
    for (String query : queries) {
      String asked =
          query
              .replaceFirst("^label_values\\((.*), (job|instance)\\)$", "count by ($2) ($1)")
              .replace("$__rate_interval", "1m")
              .replace("$job", "attolytics")
              .replace("$instance", ".*");
      assertTrue(!Pattern.compile("[$]|label_values").matcher(asked).find(), asked);
      Eventually.await(asked + " has data", () -> hasData(asked));
    }
  }

  @Test
  void databaseAway_raisesTheAlarmUntilItIsBack() throws Exception {
    database.stop(PostgresServer.Mode.FAST);
    List<String> alerts =
        List.of("AttolyticsDatabaseAway", "AttolyticsFlushErrors", "AttolyticsRefusingRequests");
    try {
      for (String alert : alerts) {
        Eventually.await(alert + " fires", () -> hasData(firing(alert)));
      }
      String marks = Yaml.read(DASHBOARD).at("annotations", "list", 0, "expr").text();
      assertTrue(hasData(marks), marks);
    } finally {
      database.startAgain();
    }
    for (String alert : alerts) {
      Eventually.await(alert + " is over", () -> !hasData(firing(alert)));
    }
    assertTrue(hasData("attolytics_database_up == 1"));
  }
}
