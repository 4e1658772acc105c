package attolytics.app;

import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.database.DatabaseProbe;
import attolytics.flush.Writer;
import attolytics.metrics.PrometheusMetrics;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/** The levels of the pipeline, as Prometheus sees them. */
final class PipelineGauges {
  private PipelineGauges() {}

  static void show(
      PrometheusMetrics metrics,
      Budget budget,
      Ring ring,
      List<Writer> writers,
      DatabaseProbe probe) {
    metrics.gauge(
        "attolytics.ring.used",
        "rows",
        "Rows that are accepted and not yet settled",
        () -> ring.usedRows() + writers.stream().mapToLong(Writer::deferredRows).sum());
    metrics.gauge(
        "attolytics.ring.capacity", "rows", "Rows that the ring can hold", ring::capacityRows);
    metrics.gauge(
        "attolytics.buffer",
        "bytes",
        "Bytes of bodies being read and of rows not yet settled",
        budget::used);
    metrics.gauge(
        "attolytics.buffer.capacity",
        "bytes",
        "What these bytes may come to: past it, requests are refused",
        budget::capacity);
    metrics.gauge(
        "attolytics.oldest.unflushed",
        "seconds",
        "How long the oldest request has waited for its commit",
        () -> seconds(oldest(writers)));
    metrics.gauge(
        "attolytics.database.up",
        null,
        "Whether the database takes rows",
        () -> probe.trouble() == null ? 1 : 0);
    for (int i = 0; i < writers.size(); i++) {
      metrics.writerBusy(i, writers.get(i), writer -> seconds(writer.busy()));
    }
  }

  private static Duration oldest(List<Writer> writers) {
    return writers.stream()
        .map(Writer::oldest)
        .max(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
