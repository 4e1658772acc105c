package attolytics.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.Eventually;
import attolytics.app.RunningService;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Metrics agree with traffic, to the last request and event. */
@Timeout(120)
class MetricsIT {
  private static final String SCHEMA =
      """
      tables:
        t: {columns: [{name: id, type: i64}, {name: s}]}
        u: {columns: [{name: id, type: i64}]}
        gone: {columns: [{name: id, type: i64}]}
      apps:
        a: {secret_key: sesame, tables: [t, u, gone], access_control_allow_origin: 'http://x.example'}
        b: {secret_key: sesame, tables: [t]}
      """;

  private static final String FLUSHES = "attolytics_flushes_total";

  private static final String SETUP =
      "CREATE TABLE t (id INT8 UNIQUE, s VARCHAR CHECK (s <> 'never'))";

  private static final String PARTITIONED =
      """
      tables:
        p:
          columns: [{name: time, type: timestamp, required: true}]
          partition_by: {column: time, interval: day}
      apps: {a: {secret_key: sesame, tables: [p]}}
      """;

  private static Set<String> names(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Without the maxima of distributions, which Micrometer adds. */
  @Test
  void docs_nameEveryMetricAndNoOther() throws Exception {
    String docs = Files.readString(Path.of("docs", "operations.md"));
    try (RunningService service = RunningService.start(PARTITIONED, "")) {
      Eventually.await(
          () ->
              service
                  .admin("/metrics")
                  .contains("\nattolytics_partitions{")); // on a thread of its own
      assertEquals(
          names("(?m)^# TYPE (attolytics_\\w+)(?<!_max) ", service.admin("/metrics")),
          names("`(attolytics_\\w+)", docs));
    }
  }

  private static String event(String table, long id) {
    return "{\"_t\":\"" + table + "\",\"id\":" + id + "}";
  }

  private static HttpRequest.Builder json(RunningService service, String path, String body) {
    return service
        .to(path)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(body));
  }

  private static String body(String key, String... events) {
    return "{\"secret_key\":\"" + key + "\",\"events\":[" + String.join(",", events) + "]}";
  }

  /**
   * All series of counters and all counts of histograms that are not 0. Flushes of all triggers
   * together: on a slow machine a lone request may have waited for the time of another one.
   */
  private static Map<String, Double> counts(RunningService service) throws Exception {
    Map<String, Double> counts = new TreeMap<>();
    for (String line : service.admin("/metrics").lines().toList()) {
      int space = line.lastIndexOf(' ');
      String series = line.startsWith("attolytics_") ? line.substring(0, space) : "";
      String family = series.replaceFirst("\\{.*", "");
      double value = series.isEmpty() ? 0 : Double.parseDouble(line.substring(space + 1));
      boolean counted = family.endsWith("_total") || family.endsWith("_count");
      if (counted && value != 0 && !family.matches("attolytics_writer_.*_seconds_total")) {
        counts.merge(family.equals(FLUSHES) ? FLUSHES : series, value, Double::sum);
      }
    }
    return counts;
  }

  private static void answered(Map<String, Double> expected, String app, int status) {
    String labels = "{app=\"" + app + "\",status=\"" + status + "\"}";
    expected.merge("attolytics_http_requests_total" + labels, 1., Double::sum);
    expected.merge("attolytics_http_request_duration_seconds_count", 1., Double::sum);
  }

  private static void rejected(
      Map<String, Double> expected, String app, String reason, double events) {
    String labels = "{app=\"" + app + "\",reason=\"" + reason + "\"}";
    expected.merge("attolytics_requests_refused_total" + labels, 1., Double::sum);
    if (events > 0) {
      expected.merge("attolytics_events_rejected_total" + labels, events, Double::sum);
    }
  }

  private static void accepted(Map<String, Double> expected, String app, double events) {
    expected.merge("attolytics_events_accepted_total{app=\"" + app + "\"}", events, Double::sum);
    expected.merge("attolytics_writer_rows_total{writer=\"0\"}", events, Double::sum);
  }

  private static void flushed(Map<String, Double> expected, boolean committed) {
    expected.merge(FLUSHES, 1., Double::sum);
    if (committed) {
      for (String of : List.of("duration_seconds", "rows", "bytes")) {
        expected.merge("attolytics_flush_" + of + "_count", 1., Double::sum);
      }
    }
  }

  private static void committed(Map<String, Double> expected, String table, double rows) {
    expected.merge("attolytics_events_committed_total{table=\"" + table + "\"}", rows, Double::sum);
  }

  private static void failed(Map<String, Double> expected, String sqlStateClass) {
    expected.merge(
        "attolytics_flush_errors_total{sqlstate_class=\"" + sqlStateClass + "\"}", 1., Double::sum);
  }

  @Test
  void everyCounter_isExact() throws Exception {
    Map<String, Double> expected = new TreeMap<>();
    try (RunningService service =
        RunningService.start(
            SCHEMA, SETUP, "--max_body=4KiB", "--flush_interval=measured", "--writers=1")) {
      assertEquals(expected, counts(service));

      // Stored: a lone request makes one flush, whatever its tables.
      assertEquals(
          200,
          service.post(event("t", 1) + "," + event("u", 1) + "," + event("t", 2)).statusCode());
      answered(expected, "a", 200);
      accepted(expected, "a", 3);
      committed(expected, "t", 2);
      committed(expected, "u", 1);
      flushed(expected, true);
      assertEquals(expected, counts(service));

      // Nothing to store.
      assertEquals(200, service.post("").statusCode());
      answered(expected, "a", 200);
      assertEquals(expected, counts(service));

      // Another app, the same table.
      assertEquals(
          200,
          service
              .send(json(service, "/apps/b/events", body("sesame", event("t", 3))))
              .statusCode());
      answered(expected, "b", 200);
      accepted(expected, "b", 1);
      committed(expected, "t", 1);
      flushed(expected, true);
      assertEquals(expected, counts(service));

      // Stored, sent again, and its key used for something else.
      assertEquals(200, service.post("key", event("t", 4) + "," + event("t", 5)).statusCode());
      answered(expected, "a", 200);
      accepted(expected, "a", 2);
      committed(expected, "t", 2);
      flushed(expected, true);
      assertEquals(200, service.post("key", event("t", 4) + "," + event("t", 5)).statusCode());
      answered(expected, "a", 200);
      accepted(expected, "a", 2);
      expected.put("attolytics_duplicates_suppressed_total{app=\"a\"}", 2.);
      flushed(expected, true);
      assertEquals(422, service.post("key", event("t", 6)).statusCode());
      answered(expected, "a", 422);
      accepted(expected, "a", 1);
      rejected(expected, "a", "idempotency_key_reused", 1);
      flushed(expected, true);
      assertEquals(expected, counts(service));

      // Refused by the database.
      assertEquals(409, service.post(event("t", 7) + "," + event("t", 1)).statusCode());
      answered(expected, "a", 409);
      accepted(expected, "a", 2);
      rejected(expected, "a", "conflict", 2);
      failed(expected, "23");
      flushed(expected, false);
      String never = "{\"_t\":\"t\",\"s\":\"never\"}";
      assertEquals(400, service.post(event("t", 8) + "," + never + "," + never).statusCode());
      answered(expected, "a", 400);
      accepted(expected, "a", 3);
      rejected(expected, "a", "refused_by_database", 3);
      failed(expected, "23");
      flushed(expected, false);
      service.execute("DROP TABLE gone");
      assertEquals(500, service.post(event("gone", 1) + "," + event("t", 9)).statusCode());
      answered(expected, "a", 500);
      accepted(expected, "a", 2);
      rejected(expected, "a", "table_broken", 2);
      failed(expected, "42");
      flushed(expected, false);
      assertEquals(expected, counts(service));

      // Refused by us, with events: each counts, under one reason a request.
      String bad = "{\"_t\":\"t\",\"id\":\"x\"}";
      assertEquals(400, service.post(event("t", 9) + "," + bad + "," + bad).statusCode());
      answered(expected, "a", 400);
      rejected(expected, "a", "invalid_events", 3);
      String wrongKey = body("wrong", event("t", 9), event("t", 10));
      assertEquals(403, service.send(json(service, "/apps/a/events", wrongKey)).statusCode());
      answered(expected, "a", 403);
      rejected(expected, "a", "wrong_secret_key", 2);
      String foreign = body("sesame", event("u", 1));
      assertEquals(404, service.send(json(service, "/apps/b/events", foreign)).statusCode());
      answered(expected, "b", 404);
      rejected(expected, "b", "unknown_table", 1);
      String keyless = "{\"events\":[" + event("t", 9) + "]}";
      assertEquals(422, service.send(json(service, "/apps/a/events", keyless)).statusCode());
      answered(expected, "a", 422);
      rejected(expected, "a", "invalid_request", 1);
      assertEquals(expected, counts(service));

      // Refused before any event was read.
      assertEquals(400, service.send(json(service, "/apps/a/events", "{")).statusCode());
      answered(expected, "a", 400);
      rejected(expected, "a", "malformed_body", 0);
      assertEquals(413, service.post(event("t", 9) + " ".repeat(5_000)).statusCode());
      answered(expected, "a", 413);
      rejected(expected, "a", "body_too_large", 0);
      assertEquals(
          415,
          service
              .send(service.to("/apps/a/events").POST(BodyPublishers.ofString("{}")))
              .statusCode());
      answered(expected, "a", 415);
      rejected(expected, "a", "unsupported_media_type", 0);
      assertEquals(405, service.send(service.to("/apps/a/events").GET()).statusCode());
      answered(expected, "a", 405);
      rejected(expected, "a", "method_not_allowed", 0);
      String page = "POST /apps/a/events HTTP/1.1\r\nHost: x\r\nOrigin: http://y.example\r\n";
      assertTrue(
          service
              .raw(page + "Connection: close\r\nContent-Length: 0\r\n\r\n", false)
              .startsWith("HTTP/1.1 403 "));
      answered(expected, "a", 403);
      rejected(expected, "a", "origin_not_allowed", 0);
      assertEquals(404, service.send(json(service, "/apps/nobody/events", "{}")).statusCode());
      answered(expected, "unknown", 404);
      rejected(expected, "unknown", "unknown_app", 0);
      assertEquals(404, service.send(service.to("/").GET()).statusCode());
      answered(expected, "unknown", 404);
      rejected(expected, "unknown", "unknown_path", 0);
      assertEquals(expected, counts(service));

      // A preflight.
      String asks = "OPTIONS /apps/a/events HTTP/1.1\r\nHost: x\r\nOrigin: http://x.example\r\n";
      assertTrue(
          service
              .raw(asks + "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n", false)
              .startsWith("HTTP/1.1 204 "));
      answered(expected, "a", 204);
      assertEquals(expected, counts(service));

      double rows = service.metric("attolytics_flush_rows_sum");
      assertEquals(
          rows,
          service.metric("attolytics_events_committed_total{table=\"t\"}")
              + service.metric("attolytics_events_committed_total{table=\"u\"}"));
      assertEquals(0, service.metric("attolytics_ring_used_rows"));
      assertEquals(0, service.metric("attolytics_buffer_bytes"));
      assertEquals(0, service.metric("attolytics_oldest_unflushed_seconds"));
      assertTrue(service.metric("attolytics_writer_busy_seconds_total{writer=\"0\"}") > 0);
      assertEquals(131_072, service.metric("attolytics_ring_capacity_rows"));
      assertEquals(64 << 20, service.metric("attolytics_buffer_capacity_bytes"));
    }
  }

  @Test
  void fullBuffer_isCounted_andSeenInTheLevels() throws Exception {
    try (RunningService service =
            RunningService.start(
                SCHEMA, SETUP, "--max_buffer=128KiB", "--max_body=32KiB", "--flush_bytes=16KiB");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      String events =
          ("{\"_t\":\"t\",\"s\":\"" + "x".repeat(4_000) + "\"}, ").repeat(5) + event("t", 1);
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (answers.stream().noneMatch(CompletableFuture::isDone)) {
        assertTrue(System.nanoTime() < deadline, "the buffer does not get full");
        answers.add(service.postAsync(events.replace("\"id\":1", "\"id\":" + answers.size())));
        TimeUnit.MILLISECONDS.sleep(20);
      }
      assertTrue(service.metric("attolytics_buffer_bytes") > 20_000);
      assertTrue(service.metric("attolytics_ring_used_rows") >= 6);
      assertTrue(service.metric("attolytics_oldest_unflushed_seconds") > 0);
      blocker.rollback();

      int stored = 0;
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        int status = answer.get().statusCode();
        assertTrue(status == 200 || status == 503, answer.get()::body);
        stored += status == 200 ? 1 : 0;
      }
      int refused = answers.size() - stored;
      assertTrue(stored > 0 && refused > 0);
      Map<String, Double> counts = counts(service);
      String a = "{app=\"a\",";
      assertEquals(stored, counts.get("attolytics_http_requests_total" + a + "status=\"200\"}"));
      assertEquals(refused, counts.get("attolytics_http_requests_total" + a + "status=\"503\"}"));
      assertEquals(6. * stored, counts.get("attolytics_events_committed_total{table=\"t\"}"));
      assertEquals(6. * stored, counts.get("attolytics_events_accepted_total{app=\"a\"}"));
    }
  }

  @Test
  void requestThatWaitsInVain_isAcceptedAndThenRejected() throws Exception {
    try (RunningService service = RunningService.start(SCHEMA, SETUP, "--ack_timeout=1s");
        Connection blocker = service.database().connect();
        Statement lock = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      lock.execute("LOCK TABLE t");
      assertEquals(503, service.post(event("t", 1) + "," + event("t", 2)).statusCode());
      Map<String, Double> counts = counts(service);
      assertEquals(2, counts.get("attolytics_events_accepted_total{app=\"a\"}"));
      assertEquals(
          2,
          counts.get(
              "attolytics_events_rejected_total{app=\"a\",reason=\"database_unavailable\"}"));
      assertTrue(
          counts.keySet().stream().anyMatch(name -> name.startsWith("attolytics_flush_errors")));
      blocker.rollback();
    }
  }
}
