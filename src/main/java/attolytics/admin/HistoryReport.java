package attolytics.admin;

import attolytics.metrics.Histogram;
import attolytics.metrics.History;
import attolytics.metrics.Sample;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The part of a report that comes from samples: rates over the last seconds, and the charts. */
final class HistoryReport {
  /** Number of samples over which a point of the durations' history is computed. */
  private static final int SMOOTHING = 5;

  /** More digits than a chart can show. */
  private static final MathContext CHART_DIGITS = new MathContext(4);

  private final List<Sample> samples;
  private final Sample now;
  private final Sample before;
  private final double seconds;
  private final Map<String, Integer> statusByReason;
  private final ReportJson json;

  /**
   * @param samples at least one
   */
  HistoryReport(List<Sample> samples, Map<String, Integer> statusByReason, ReportJson json) {
    this.samples = samples;
    this.statusByReason = statusByReason;
    this.json = json;
    now = samples.get(samples.size() - 1);
    before = samples.get(Math.max(0, samples.size() - 1 - History.RECENT));
    seconds = now.secondsSince(before);
  }

  void write() throws IOException {
    json.number("longestBucketSeconds", now.requestSeconds().largestBound());
    json.object("recent", this::writeRecent);
    json.objects("writers", writers(), this::writeWriter);
    json.object("history", this::writeHistory);
  }

  private void writeRecent() throws IOException {
    int last = samples.size() - 1;
    Histogram requests = between(last - History.RECENT, last, Sample::requestSeconds);
    Histogram flushes = between(last - History.RECENT, last, Sample::flushSeconds);
    json.number("rows", now.rowsPerSecondSince(before));
    json.number("requests", recent(Sample::requests));
    json.number("refused", recent(Sample::refused));
    json.number("failed", recent(Sample::failed));
    json.number("flushErrors", recent(Sample::flushErrors));
    json.number("requestP50", requests.quantile(0.5));
    json.number("requestP99", requests.quantile(0.99));
    json.number("flushes", flushes.count() / seconds);
    json.number("flushP50", flushes.quantile(0.5));
    json.number("flushP99", flushes.quantile(0.99));
    json.number("flushRows", now.flushRows().since(before.flushRows()).mean());
    json.object(
        "rowsByTable",
        () -> {
          for (String table : now.rowsByTable().keySet()) {
            json.number(table, recent(sample -> sample.rowsByTable().getOrDefault(table, 0L)));
          }
        });
  }

  private List<Integer> writers() {
    return IntStream.range(0, now.writerRows().size()).boxed().toList();
  }

  private void writeWriter(int writer) throws IOException {
    json.number("writer", writer);
    json.number("busyShare", busyShare(before, now, writer));
    json.number("waitingShare", waitingShare(before, now, writer));
    json.number("rowsPerSecond", recent(sample -> rows(sample, writer)));
    json.number("busySeconds", busySeconds(now, writer));
    json.number("waitingSeconds", waitingSeconds(now, writer));
    json.number("rows", rows(now, writer));
  }

  private void writeHistory() throws IOException {
    json.number("length", History.LENGTH);
    json.numbers("time", samples.stream().skip(1).mapToDouble(Sample::epochSeconds).toArray());
    series("rows", (earlier, later) -> later.rowsPerSecondSince(earlier));
    series("requests", rate(Sample::requests));
    quantiles("requestP50", Sample::requestSeconds, 0.5);
    quantiles("requestP99", Sample::requestSeconds, 0.99);
    quantiles("flushP50", Sample::flushSeconds, 0.5);
    quantiles("flushP99", Sample::flushSeconds, 0.99);
    series("bufferBytes", (earlier, later) -> later.bufferBytes());
    series("flushErrors", rate(Sample::flushErrors));
    series("ready", (earlier, later) -> later.ready() ? 1 : 0);
    json.objects("writers", writers(), this::writeWriterHistory);
    json.objects("refused", reasons(), this::writeReason);
  }

  private void writeWriterHistory(int writer) throws IOException {
    json.number("writer", writer);
    series("busyShare", (earlier, later) -> busyShare(earlier, later, writer));
    series("waitingShare", (earlier, later) -> waitingShare(earlier, later, writer));
  }

  private static double busyShare(Sample earlier, Sample later, int writer) {
    return later.databaseUp()
        ? share(busySeconds(later, writer) - busySeconds(earlier, writer), earlier, later)
        : 0;
  }

  /**
   * An attempt that the database leaves without a response counts as busy until it fails. While the
   * database is known to be away, all the writer does is to wait.
   */
  private static double waitingShare(Sample earlier, Sample later, int writer) {
    double seconds = waitingSeconds(later, writer) - waitingSeconds(earlier, writer);
    double busy = busySeconds(later, writer) - busySeconds(earlier, writer);
    return share(later.databaseUp() ? seconds : seconds + busy, earlier, later);
  }

  /** At most 1, though the clock goes on between the reading of the one value and the other. */
  private static double share(double seconds, Sample earlier, Sample later) {
    return Math.min(1, seconds / later.secondsSince(earlier));
  }

  /** Those for which a request was refused within the history. */
  private List<String> reasons() {
    Sample oldest = samples.get(0);
    List<String> reasons = new ArrayList<>();
    now.refusedByReason()
        .forEach(
            (reason, count) -> {
              if (count > oldest.refusedByReason().getOrDefault(reason, 0L)) {
                reasons.add(reason);
              }
            });
    return reasons;
  }

  private void writeReason(String reason) throws IOException {
    json.text("reason", reason);
    json.number("status", statusByReason.getOrDefault(reason, 0));
    series("perSecond", rate(sample -> sample.refusedByReason().getOrDefault(reason, 0L)));
  }

  private static double busySeconds(Sample sample, int writer) {
    return ofWriter(sample.writerBusySeconds(), writer);
  }

  private static double waitingSeconds(Sample sample, int writer) {
    return ofWriter(sample.writerWaitingSeconds(), writer);
  }

  private static double rows(Sample sample, int writer) {
    return ofWriter(sample.writerRows(), writer);
  }

  /** 0 in a sample that is older than the writer. */
  private static double ofWriter(List<Double> values, int writer) {
    return writer < values.size() ? values.get(writer) : 0;
  }

  /** The increase of a count over the last seconds, per second. */
  private double recent(ToDoubleFunction<Sample> count) {
    return (count.applyAsDouble(now) - count.applyAsDouble(before)) / seconds;
  }

  private static ToDoubleBiFunction<Sample, Sample> rate(ToDoubleFunction<Sample> count) {
    return (earlier, later) ->
        (count.applyAsDouble(later) - count.applyAsDouble(earlier)) / later.secondsSince(earlier);
  }

  /** Of the durations between two samples, by index; from the oldest if there is no such one. */
  private Histogram between(int from, int to, Function<Sample, Histogram> durations) {
    return Histogram.of(
        samples.subList(Math.max(0, from), to + 1).stream().map(durations).toList());
  }

  private void quantiles(String name, Function<Sample, Histogram> durations, double q)
      throws IOException {
    points(name, i -> between(i - SMOOTHING, i, durations).quantile(q));
  }

  private void series(String name, ToDoubleBiFunction<Sample, Sample> point) throws IOException {
    points(name, i -> point.applyAsDouble(samples.get(i - 1), samples.get(i)));
  }

  /** A point for each sample except the first, computed from its index. */
  private void points(String name, IntToDoubleFunction point) throws IOException {
    json.numbers(
        name,
        IntStream.range(1, samples.size())
            .mapToDouble(i -> rounded(point.applyAsDouble(i)))
            .toArray());
  }

  private static double rounded(double point) {
    boolean isWhole = !Double.isFinite(point) || point == Math.rint(point);
    return isWhole ? point : new BigDecimal(point).round(CHART_DIGITS).doubleValue();
  }
}
