package attolytics.admin;

import static java.time.temporal.ChronoUnit.SECONDS;

import attolytics.metrics.Histogram;
import attolytics.metrics.History;
import attolytics.metrics.PrometheusMetrics;
import attolytics.metrics.QuarantineContents;
import attolytics.metrics.Sample;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the status page shows, as JSON: current totals, rates over the last seconds, and their
 * history. Read from the same meters as {@code /metrics}.
 */
public final class StatusReport {
  private static final JsonFactory JSON = new JsonFactory();

  /** Number of samples over which a point of the latencies' history is computed. */
  private static final int SMOOTHING = 5;

  private final PrometheusMetrics metrics;
  private final History history;
  private final String version;

  /**
   * @param version of the service
   */
  public StatusReport(PrometheusMetrics metrics, History history, String version) {
    this.metrics = metrics;
    this.history = history;
    this.version = version;
  }

  /**
   * The report, in UTF-8.
   *
   * @param unready why a request would be refused now, or null
   */
  byte[] write(@Nullable String unready) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeBooleanField("ready", unready == null);
      json.writeStringField("reason", unready);
      json.writeNumberField(
          "uptimeSeconds", ManagementFactory.getRuntimeMXBean().getUptime() / 1000);
      json.writeStringField("version", version);
      writeLevels(json);
      writeTotals(json);
      writeQuarantine(json);
      List<Sample> samples = history.samples();
      if (!samples.isEmpty()) {
        writeRecent(json, samples);
        writeHistory(json, samples);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  private void writeLevels(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("levels");
    writeNumber(json, "bufferBytes", metrics.gauge("attolytics.buffer"));
    writeNumber(json, "bufferCapacityBytes", metrics.gauge("attolytics.buffer.capacity"));
    writeNumber(json, "ringRows", metrics.gauge("attolytics.ring.used"));
    writeNumber(json, "ringCapacityRows", metrics.gauge("attolytics.ring.capacity"));
    writeNumber(json, "oldestSeconds", metrics.gauge("attolytics.oldest.unflushed"));
    writeNumber(json, "databaseUp", metrics.gauge("attolytics.database.up"));
    writeNumber(json, "connectionsInUse", metrics.gauge("hikaricp.connections.active"));
    writeNumber(json, "connections", metrics.gauge("hikaricp.connections"));
    json.writeEndObject();
  }

  private void writeTotals(JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("totals");
    write(json, "requests", metrics.totals("attolytics.http.requests", "status"));
    write(json, "requestsByApp", metrics.totals("attolytics.http.requests", "app"));
    write(json, "acceptedByApp", metrics.totals("attolytics.events.accepted", "app"));
    write(json, "rejectedByApp", metrics.totals("attolytics.events.rejected", "app"));
    write(json, "duplicatesByApp", metrics.totals("attolytics.duplicates.suppressed", "app"));
    write(json, "rejected", metrics.totals("attolytics.events.rejected", "reason"));
    write(json, "committed", metrics.totals("attolytics.events.committed", "table"));
    write(json, "flushes", metrics.totals("attolytics.flushes", "trigger"));
    write(json, "flushErrors", metrics.totals("attolytics.flush.errors", "sqlstate_class"));
    json.writeEndObject();
  }

  private void writeQuarantine(JsonGenerator json) throws IOException {
    QuarantineContents contents = metrics.quarantine();
    json.writeObjectFieldStart("quarantine");
    json.writeArrayFieldStart("groups");
    for (QuarantineContents.Group group : contents.groups()) {
      json.writeStartObject();
      json.writeStringField("app", group.app());
      json.writeStringField("code", group.code());
      json.writeNumberField("rows", group.rows());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("newest");
    for (QuarantineContents.Reason reason : contents.newest()) {
      json.writeStartObject();
      json.writeStringField("received", reason.receivedAt().truncatedTo(SECONDS).toString());
      json.writeStringField("app", reason.app());
      json.writeStringField("table", reason.table());
      json.writeStringField("code", reason.code());
      json.writeStringField("pointer", reason.pointer());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String name, Map<String, Double> values)
      throws IOException {
    json.writeObjectFieldStart(name);
    for (Map.Entry<String, Double> value : values.entrySet()) {
      writeNumber(json, value.getKey(), value.getValue());
    }
    json.writeEndObject();
  }

  private static void writeRecent(JsonGenerator json, List<Sample> samples) throws IOException {
    Sample now = samples.get(samples.size() - 1);
    Sample before = samples.get(Math.max(0, samples.size() - 1 - History.RECENT));
    double seconds = now.secondsSince(before);
    Histogram requests = now.requestSeconds().since(before.requestSeconds());
    Histogram flushes = now.flushSeconds().since(before.flushSeconds());
    json.writeObjectFieldStart("recent");
    writeNumber(json, "rows", now.rowsPerSecondSince(before));
    writeNumber(json, "requests", (now.requests() - before.requests()) / seconds);
    writeNumber(json, "refused", (now.refused() - before.refused()) / seconds);
    writeNumber(json, "failed", (now.failed() - before.failed()) / seconds);
    writeNumber(json, "flushErrors", (now.flushErrors() - before.flushErrors()) / seconds);
    writeNumber(json, "requestP50", requests.quantile(0.5));
    writeNumber(json, "requestP99", requests.quantile(0.99));
    writeNumber(json, "flushes", flushes.count() / seconds);
    writeNumber(json, "flushP50", flushes.quantile(0.5));
    writeNumber(json, "flushP99", flushes.quantile(0.99));
    writeNumber(json, "flushRows", now.flushRows().since(before.flushRows()).mean());
    json.writeObjectFieldStart("rowsByTable");
    for (Map.Entry<String, Double> table : now.rows().entrySet()) {
      double earlier = before.rows().getOrDefault(table.getKey(), 0.);
      writeNumber(json, table.getKey(), (table.getValue() - earlier) / seconds);
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void writeHistory(JsonGenerator json, List<Sample> samples) throws IOException {
    json.writeObjectFieldStart("history");
    json.writeNumberField("length", History.LENGTH);
    series(json, "rows", samples, 1, (before, now) -> now.rowsPerSecondSince(before));
    series(json, "requests", samples, 1, rate(Sample::requests));
    series(json, "refused", samples, 1, rate(sample -> sample.refused() + sample.failed()));
    series(json, "requestP50", samples, SMOOTHING, (a, b) -> requests(a, b).quantile(0.5));
    series(json, "requestP99", samples, SMOOTHING, (a, b) -> requests(a, b).quantile(0.99));
    series(json, "flushP50", samples, SMOOTHING, (a, b) -> flushes(a, b).quantile(0.5));
    series(json, "flushP99", samples, SMOOTHING, (a, b) -> flushes(a, b).quantile(0.99));
    series(json, "bufferBytes", samples, 1, (before, now) -> now.bufferBytes());
    series(json, "flushErrors", samples, 1, rate(Sample::flushErrors));
    json.writeEndObject();
  }

  private static ToDoubleBiFunction<Sample, Sample> rate(ToDoubleFunction<Sample> count) {
    return (before, now) ->
        (count.applyAsDouble(now) - count.applyAsDouble(before)) / now.secondsSince(before);
  }

  private static Histogram requests(Sample before, Sample now) {
    return now.requestSeconds().since(before.requestSeconds());
  }

  private static Histogram flushes(Sample before, Sample now) {
    return now.flushSeconds().since(before.flushSeconds());
  }

  /** A point for each sample except the first, computed from it and an earlier one. */
  private static void series(
      JsonGenerator json,
      String name,
      List<Sample> samples,
      int distance,
      ToDoubleBiFunction<Sample, Sample> point)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (int i = 1; i < samples.size(); i++) {
      Sample before = samples.get(Math.max(0, i - distance));
      writeNumber(json, point.applyAsDouble(before, samples.get(i)));
    }
    json.writeEndArray();
  }

  private static void writeNumber(JsonGenerator json, String name, double value)
      throws IOException {
    json.writeFieldName(name);
    writeNumber(json, value);
  }

  /** Writes integers without a fraction, and NaN as null. */
  private static void writeNumber(JsonGenerator json, double value) throws IOException {
    if (Double.isNaN(value)) {
      json.writeNull();
    } else if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      json.writeNumber((long) value);
    } else {
      json.writeNumber(value);
    }
  }
}
