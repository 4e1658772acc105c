package attolytics.metrics;

import java.util.List;
import java.util.Map;

/**
 * The values of the meters at one time. Counts are since the start.
 *
 * @param nanos when, by {@link System#nanoTime()}
 * @param epochSeconds when, since the Unix epoch
 * @param stored requests answered with 2xx
 * @param refused requests answered with 4xx
 * @param failed requests answered with 5xx
 * @param refusedByReason refused requests, also those that no app was found for
 * @param allRows committed, of all tables
 * @param rowsByTable the same by table; none in the older samples, as there may be many tables
 * @param flushErrors transactions that failed
 * @param requestSeconds how long requests took
 * @param flushSeconds how long transactions took
 * @param flushRows how many rows transactions had
 * @param bufferBytes used at that time
 * @param ready whether requests were accepted at that time
 * @param databaseUp whether the database accepted writes at that time
 * @param writerBusySeconds by the writer's number
 * @param writerWaitingSeconds the same
 * @param writerRows the same
 */
public record Sample(
    long nanos,
    double epochSeconds,
    double stored,
    double refused,
    double failed,
    Map<String, Long> refusedByReason,
    double allRows,
    Map<String, Long> rowsByTable,
    double flushErrors,
    Histogram requestSeconds,
    Histogram flushSeconds,
    Histogram flushRows,
    double bufferBytes,
    boolean ready,
    boolean databaseUp,
    List<Double> writerBusySeconds,
    List<Double> writerWaitingSeconds,
    List<Double> writerRows) {

  static Sample of(PrometheusMetrics metrics) {
    Map<String, Double> answered = metrics.totals("attolytics.http.requests", "status");
    Map<String, Long> rowsByTable = metrics.committedRows();
    return new Sample(
        System.nanoTime(),
        System.currentTimeMillis() / 1e3,
        answered(answered, '2'),
        answered(answered, '4'),
        answered(answered, '5'),
        metrics.refusedByReason(),
        rowsByTable.values().stream().mapToLong(Long::longValue).sum(),
        rowsByTable,
        metrics.totals("attolytics.flush.errors", "sqlstate_class").values().stream()
            .mapToDouble(Double::doubleValue)
            .sum(),
        metrics.requestDurations(),
        metrics.flushDurations(),
        metrics.flushRows(),
        metrics.gauge("attolytics.buffer"),
        metrics.gauge("attolytics.ready") == 1,
        metrics.gauge("attolytics.database.up") == 1,
        metrics.writers().stream().map(WriterMeters::busySeconds).toList(),
        metrics.writers().stream().map(WriterMeters::waitingSeconds).toList(),
        metrics.writers().stream().map(WriterMeters::rows).toList());
  }

  private static double answered(Map<String, Double> byStatus, char statusClass) {
    double sum = 0;
    for (Map.Entry<String, Double> entry : byStatus.entrySet()) {
      sum += entry.getKey().charAt(0) == statusClass ? entry.getValue() : 0;
    }
    return sum;
  }

  /** All answered requests. */
  public double requests() {
    return stored + refused + failed;
  }

  /** The same without the rows by table. */
  Sample withoutTables() {
    return new Sample(
        nanos,
        epochSeconds,
        stored,
        refused,
        failed,
        refusedByReason,
        allRows,
        Map.of(),
        flushErrors,
        requestSeconds,
        flushSeconds,
        flushRows,
        bufferBytes,
        ready,
        databaseUp,
        writerBusySeconds,
        writerWaitingSeconds,
        writerRows);
  }

  /** Rows committed per second since an earlier sample. */
  public double rowsPerSecondSince(Sample before) {
    return (allRows - before.allRows) / secondsSince(before);
  }

  /** The time since an earlier sample, never 0. */
  public double secondsSince(Sample before) {
    return Math.max(1, nanos - before.nanos) / 1e9;
  }
}
