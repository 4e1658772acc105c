package attolytics.app;

import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.database.DatabaseProbe;
import attolytics.flush.Writer;
import attolytics.metrics.PrometheusMetrics;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/** Gauges of the pipeline: what is buffered, how old it is, and whether the database is up. */
final class PipelineGauges {
  private PipelineGauges() {}

  static void register(
      PrometheusMetrics metrics,
      Budget budget,
      Ring ring,
      List<Writer> writers,
      DatabaseProbe probe) {
    metrics.gauge(
        "attolytics.ring.used",
        "rows",
        "Rows that are accepted but not yet committed or failed",
        () -> ring.usedRows() + writers.stream().mapToLong(Writer::deferredRows).sum());
    metrics.gauge(
        "attolytics.ring.capacity", "rows", "Capacity of the ring, in rows", ring::capacityRows);
    metrics.gauge(
        "attolytics.buffer",
        "bytes",
        "Bytes of request bodies being read and of rows not yet committed or failed",
        budget::used);
    metrics.gauge(
        "attolytics.buffer.capacity",
        "bytes",
        "Capacity of the buffer, in bytes; requests beyond it get 503",
        budget::capacity);
    metrics.gauge(
        "attolytics.oldest.unflushed",
        "seconds",
        "Age of the oldest request that waits for its commit",
        () -> seconds(oldest(writers)));
    metrics.gauge(
        "attolytics.database.up",
        null,
        "Whether the database accepts writes",
        () -> probe.problem() == null ? 1 : 0);
    for (Writer writer : writers) {
      metrics.addWriter(
          () -> seconds(writer.busy()), () -> seconds(writer.waiting()), writer::rows);
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
