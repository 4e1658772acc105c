package attolytics.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrometheusMetricsTest {
  private final PrometheusMetrics metrics =
      new PrometheusMetrics(
          List.of("a", "b"), List.of("t", "u"), Set.of(200, 400), Set.of("bad", "late"));

  @AfterEach
  void close() {
    metrics.close();
  }

  private double value(String series) {
    return metrics
        .scrape(null)
        .text()
        .lines()
        .filter(line -> line.startsWith(series + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
        .findFirst()
        .orElse(Double.NaN);
  }

  @Test
  void everySeriesThatCounts_standsAt0BeforeAnythingHappens() {
    for (String app : List.of("a", "b", "unknown")) {
      String label = "{app=\"" + app + "\"";
      assertEquals(0, value("attolytics_http_requests_total" + label + ",status=\"400\"}"));
      assertEquals(0, value("attolytics_events_rejected_total" + label + ",reason=\"late\"}"));
      assertEquals(0, value("attolytics_events_accepted_total" + label + "}"));
      assertEquals(0, value("attolytics_events_quarantined_total" + label + ",code=\"too_old\"}"));
      assertEquals(0, value("attolytics_duplicates_suppressed_total" + label + "}"));
    }
    assertEquals(0, value("attolytics_events_committed_total{table=\"u\"}"));
    assertEquals(0, value("attolytics_flushes_total{trigger=\"idle\"}"));
    assertEquals(0, value("attolytics_flush_errors_total{sqlstate_class=\"08\"}"));
    assertEquals(0, value("attolytics_flush_rows_count"));
    assertEquals(0, value("attolytics_flush_duration_seconds_count"));
    assertEquals(0, value("attolytics_http_request_duration_seconds_bucket{le=\"0.005\"}"));
  }

  @Test
  void manyApps_haveNoSeriesForWhatNeverHappened() {
    List<String> ids =
        IntStream.rangeClosed(0, PrometheusMetrics.MAX_APPS_FROM_ZERO)
            .mapToObj(i -> "m" + i)
            .toList();
    metrics.register(ids, List.of());
    String requests = "attolytics_http_requests_total{app=\"m7\",status=\"200\"}";
    String rejected = "attolytics_events_rejected_total{app=\"m7\",reason=\"bad\"}";
    assertEquals(Double.NaN, value(requests));
    assertEquals(Double.NaN, value(rejected));
    assertEquals(0, value("attolytics_events_accepted_total{app=\"m7\"}"));
    metrics.requestAnswered("m7", 200, 1);
    metrics.eventsRejected("m7", "bad", 3);
    assertEquals(1, value(requests));
    assertEquals(3, value(rejected));
  }

  @Test
  void labels_areThoseOfTheSchemaOnly() {
    metrics.requestAnswered("from a client", 200, 1);
    metrics.eventsRejected("from a client", "bad", 3);
    metrics.rowsCommitted("from a client", 1);
    metrics.flushFailed("ZZ");
    assertEquals(1, value("attolytics_http_requests_total{app=\"unknown\",status=\"200\"}"));
    assertEquals(3, value("attolytics_events_rejected_total{app=\"unknown\",reason=\"bad\"}"));
    assertEquals(1, value("attolytics_flush_errors_total{sqlstate_class=\"other\"}"));
    assertTrue(!metrics.scrape(null).text().contains("from a client"));
  }

  @Test
  void quarantine_isShownByApp_andWhatIsNoAppsAsUnknown() {
    assertEquals(Double.NaN, value("attolytics_quarantine_rows{app=\"a\"}"), "not counted yet");
    metrics.quarantine(
        new QuarantineContents(
            List.of(
                new QuarantineContents.Group("a", "too_long", 2),
                new QuarantineContents.Group("a", "type_mismatch", 3),
                new QuarantineContents.Group("formerly", "too_long", 7)),
            List.of()));
    assertEquals(5, value("attolytics_quarantine_rows{app=\"a\"}"));
    assertEquals(0, value("attolytics_quarantine_rows{app=\"b\"}"));
    assertEquals(7, value("attolytics_quarantine_rows{app=\"unknown\"}"));
    metrics.eventsQuarantined("a", "too_long", 4);
    assertEquals(4, value("attolytics_events_quarantined_total{app=\"a\",code=\"too_long\"}"));
  }

  @Test
  void quantiles_areNotAboveTheLongestDuration() {
    for (int i = 0; i < 9; i++) {
      metrics.requestAnswered("a", 503, TimeUnit.MILLISECONDS.toNanos(31_800));
      metrics.flushCommitted(11, 2_000, TimeUnit.MILLISECONDS.toNanos(31_800));
    }
    assertEquals(31.8, metrics.requestDurations().quantile(0.99), 1e-9);
    assertEquals(31.8, metrics.flushDurations().quantile(0.99), 1e-9);
    assertEquals(11, metrics.flushRows().quantile(0.99));
  }

  /** All of them in the bucket that ends at 20 seconds. */
  @Test
  void quantiles_areNotAboveTheLongestDurationOfTheirTime() {
    answeredAfter(18_300);
    Histogram before = metrics.requestDurations();
    for (int i = 0; i < 9; i++) {
      answeredAfter(11_000);
    }
    answeredAfter(11_400);
    Histogram lock = metrics.requestDurations();
    answeredAfter(2);
    Histogram after = metrics.requestDurations();
    assertEquals(11.4, Histogram.of(List.of(before, lock)).quantile(0.99), 1e-9);
    assertEquals(11.4, Histogram.of(List.of(before, lock, after)).quantile(0.99), 1e-9);
    assertEquals(0.00199, Histogram.of(List.of(lock, after)).quantile(0.99), 1e-9);
    assertEquals(
        18.3, value("attolytics_http_request_duration_seconds_max"), 1e-9, "of the last minute");
  }

  private void answeredAfter(long millis) {
    metrics.requestAnswered("a", 503, TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @Test
  void durations_areInSeconds() {
    metrics.requestAnswered("a", 200, TimeUnit.MILLISECONDS.toNanos(3));
    metrics.flushCommitted(7, 2_000, TimeUnit.MILLISECONDS.toNanos(40));
    assertEquals(0.003, value("attolytics_http_request_duration_seconds_sum"), 1e-9);
    assertEquals(0, value("attolytics_http_request_duration_seconds_bucket{le=\"0.002\"}"));
    assertEquals(1, value("attolytics_http_request_duration_seconds_bucket{le=\"0.005\"}"));
    assertEquals(0.04, value("attolytics_flush_duration_seconds_sum"), 1e-9);
    assertEquals(7, value("attolytics_flush_rows_sum"));
    assertEquals(2_000, value("attolytics_flush_bytes_sum"));
  }

  @Test
  void names_endInBaseUnits() {
    Pattern other =
        Pattern.compile("_(ns|nanos\\w*|ms|milli\\w*|micro\\w*|minutes|[kKM]i?B)(_|\\{| )");
    assertEquals(
        List.of(),
        metrics.scrape(null).text().lines().filter(l -> other.matcher(l).find()).toList());
    assertTrue(value("process_cpu_seconds_total") > 0);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "*/*", "text/plain;version=0.0.4", "application/json", ";;,=,"})
  void scrape_isTextByDefault(@Nullable String accept) {
    Exposition exposition = metrics.scrape(accept);
    assertEquals("text/plain; version=0.0.4; charset=utf-8", exposition.contentType());
    assertTrue(exposition.text().contains("# TYPE attolytics_events_committed_total counter\n"));
  }

  /** The last one is what Prometheus 3 sends. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            + "application/openmetrics-text;version=0.0.1;q=0.5,"
            + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
            + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
      })
  void scrape_isOpenMetricsForClientThatAcceptsIt(String accept) {
    metrics.rowsCommitted("t", 5);
    Exposition exposition = metrics.scrape(accept);
    assertEquals(
        "application/openmetrics-text; version=1.0.0; charset=utf-8", exposition.contentType());
    String text = exposition.text();
    assertTrue(text.endsWith("# EOF\n"));
    assertTrue(text.contains("# TYPE attolytics_events_committed counter\n"));
    assertTrue(text.contains("attolytics_events_committed_total{table=\"t\"} 5.0\n"));
  }

  @Test
  void recording_allocatesNothing() {
    record(10_000); // until all that is set up once is
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    record(10_000);
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(bytes < 10_000, bytes + " bytes in 10000 rounds");
  }

  private void record(int rounds) {
    for (int i = 0; i < rounds; i++) {
      metrics.requestAnswered("a", 400, i);
      metrics.eventsAccepted("a", i);
      metrics.eventsRejected("b", "bad", i);
      metrics.duplicatesSuppressed("b", i);
      metrics.rowsCommitted("t", i);
      metrics.flushStarted(FlushTrigger.IDLE);
      metrics.flushCommitted(i, i, i);
      metrics.flushFailed("08");
    }
  }

  @Test
  void totals_addUpByATag() {
    metrics.requestAnswered("a", 200, 1);
    metrics.requestAnswered("b", 200, 1);
    metrics.requestAnswered("b", 400, 1);
    assertEquals(
        Map.of("200", 2., "400", 1.), metrics.totals("attolytics.http.requests", "status"));
  }

  @Test
  void history_keepsFiveMinutes_andTellsTheRate() {
    History history = new History(metrics);
    assertEquals(0, history.rowsPerSecond());
    for (int i = 0; i < 400; i++) {
      metrics.rowsCommitted("t", 10);
      history.take();
    }
    List<Sample> samples = history.samples();
    assertEquals(History.LENGTH + 1, samples.size());
    assertEquals(4_000, samples.get(History.LENGTH).allRows());
    Sample before = samples.get(History.LENGTH - History.RECENT);
    double seconds = samples.get(History.LENGTH).secondsSince(before);
    assertEquals(100 / seconds, history.rowsPerSecond(), 1e-6);
  }

  /** There may be thousands of tables. */
  @Test
  void history_keepsTheRowsByTable_onlyAsLongAsTheyAreRecent() {
    History history = new History(metrics);
    for (int i = 1; i <= 400; i++) {
      metrics.rowsCommitted("t", 10);
      history.take();
      List<Sample> samples = history.samples();
      int first = Math.max(0, samples.size() - 1 - History.RECENT);
      long before = 10L * (i - samples.size() + 1 + first);
      assertEquals(Map.of("t", before, "u", 0L), samples.get(first).rowsByTable());
      assertEquals((double) before, samples.get(first).allRows());
      if (first > 0) {
        assertEquals(Map.of(), samples.get(first - 1).rowsByTable());
        assertEquals(before - 10.0, samples.get(first - 1).allRows());
      }
    }
  }

  /** It is asked for in an outage, and there may be thousands of tables. */
  @Test
  void committedRows_ofOneTable_needNoSearch() {
    metrics.register(List.of(), IntStream.range(0, 1_000).mapToObj(i -> "m" + i).toList());
    metrics.rowsCommitted("m7", 7);
    assertEquals(7, metrics.committedRows("m7"));
    assertEquals(0, metrics.committedRows("unknown"));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    metrics.committedRows("m7");
    long allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    assertTrue(allocated < 1_000, () -> allocated + " bytes");
  }
}
