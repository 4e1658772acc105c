package attolytics.admin;

import attolytics.metrics.History;
import attolytics.metrics.PrometheusMetrics;
import attolytics.metrics.QuarantineContents;
import attolytics.metrics.Sample;
import attolytics.recent.LogLine;
import attolytics.recent.Outage;
import attolytics.recent.RecentLog;
import attolytics.recent.RecentOutages;
import attolytics.recent.RecentRefusals;
import attolytics.recent.RefusedRequest;
import attolytics.recent.Repeated;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.RuntimeMXBean;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the status page shows, as JSON: facts about the instance and its database, current totals,
 * rates over the last seconds and their history, the last outages, refusals and warnings of the
 * log. Read from the same meters as {@code /metrics}.
 */
public final class StatusReport {
  private final PrometheusMetrics metrics;
  private final History history;
  private final Facts facts;
  private final RecentOutages outages;
  private final RecentRefusals refusals;
  private final RecentLog log;
  private final Map<String, Integer> statusByReason;

  /**
   * @param statusByReason the status of the answer for each reason to refuse a request
   */
  public StatusReport(
      PrometheusMetrics metrics,
      History history,
      Facts facts,
      RecentOutages outages,
      RecentRefusals refusals,
      RecentLog log,
      Map<String, Integer> statusByReason) {
    this.metrics = metrics;
    this.history = history;
    this.facts = facts;
    this.outages = outages;
    this.refusals = refusals;
    this.log = log;
    this.statusByReason = Map.copyOf(statusByReason);
  }

  /**
   * The report, in UTF-8.
   *
   * @param unready why a request would be refused now, or null
   */
  byte[] write(@Nullable NotReady unready) {
    try (ReportJson json = new ReportJson()) {
      json.flag("ready", unready == null);
      json.text("reason", unready == null ? null : unready.reason());
      json.text("cause", unready == null ? null : unready.cause());
      json.time("since", facts.readinessSince());
      json.time("now", Instant.now());
      json.count("uptimeSeconds", ManagementFactory.getRuntimeMXBean().getUptime() / 1000);
      json.text("version", facts.version());
      json.object("instance", () -> writeInstance(json));
      json.object("database", () -> writeDatabase(json));
      json.object("schema", () -> writeSchema(json));
      json.object("levels", () -> writeLevels(json));
      json.object("totals", () -> writeTotals(json));
      json.numbers("partitions", metrics.gauges("attolytics.partitions", "table"));
      json.numbers("partitionsEnd", metrics.gauges("attolytics.partitions.end.timestamp", "table"));
      json.object("quarantine", () -> writeQuarantine(json));
      json.objects("outages", outages.newestFirst(), outage -> writeOutage(json, outage));
      json.objects("refusals", refusals.newestFirst(), refusal -> writeRefusal(json, refusal));
      json.objects("log", log.newestFirst(), line -> writeLine(json, line));
      List<Sample> samples = history.samples();
      if (!samples.isEmpty()) {
        new HistoryReport(samples, statusByReason, json).write();
      }
      return json.end();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
  }

  private void writeInstance(ReportJson json) throws IOException {
    RuntimeMXBean runtime = ManagementFactory.getRuntimeMXBean();
    json.text("host", facts.host());
    json.text("url", facts.url());
    json.text("adminUrl", facts.adminUrl());
    json.count("pid", runtime.getPid());
    json.time("started", Instant.ofEpochMilli(runtime.getStartTime()));
    json.text("java", Runtime.version().toString());
  }

  private void writeDatabase(ReportJson json) throws IOException {
    Facts.Database database = facts.database();
    if (database == null) {
      return;
    }
    json.text("url", database.url());
    json.flag("embedded", database.isEmbedded());
    json.text("name", database.name());
    json.text("serverVersion", database.serverVersion());
    json.count("bytes", database.bytes());
    json.text("problem", database.problem());
    json.text("cause", database.cause());
  }

  private void writeSchema(ReportJson json) throws IOException {
    json.text("file", facts.schemaFile().toString());
    json.text("absoluteFile", facts.schemaFile().toAbsolutePath().normalize().toString());
    json.time("loaded", metrics.schema().loaded());
    json.time("refused", metrics.schema().refused());
  }

  private void writeLevels(ReportJson json) throws IOException {
    json.number("bufferBytes", metrics.gauge("attolytics.buffer"));
    json.number("bufferCapacityBytes", metrics.gauge("attolytics.buffer.capacity"));
    json.number("ringRows", metrics.gauge("attolytics.ring.used"));
    json.number("ringCapacityRows", metrics.gauge("attolytics.ring.capacity"));
    json.number("oldestSeconds", metrics.gauge("attolytics.oldest.unflushed"));
    json.number("databaseUp", metrics.gauge("attolytics.database.up"));
    json.number("connectionsInUse", metrics.gauge("hikaricp.connections.active"));
    json.number("connections", metrics.gauge("hikaricp.connections"));
  }

  private void writeTotals(ReportJson json) throws IOException {
    json.numbers("requests", metrics.totals("attolytics.http.requests", "status"));
    json.numbers("requestsByApp", metrics.totals("attolytics.http.requests", "app"));
    json.numbers("refusedByApp", metrics.totals("attolytics.requests.refused", "app"));
    json.numbers("acceptedByApp", metrics.totals("attolytics.events.accepted", "app"));
    json.numbers("rejectedByApp", metrics.totals("attolytics.events.rejected", "app"));
    json.numbers("duplicatesByApp", metrics.totals("attolytics.duplicates.suppressed", "app"));
    json.numbers("quarantinedByApp", metrics.totals("attolytics.events.quarantined", "app"));
    json.numbers("refused", metrics.totals("attolytics.requests.refused", "reason"));
    json.numbers("rejected", metrics.totals("attolytics.events.rejected", "reason"));
    json.numbers("committed", metrics.totals("attolytics.events.committed", "table"));
    json.numbers("leftOut", metrics.totals("attolytics.duplicate.events", "table"));
    json.numbers("flushes", metrics.totals("attolytics.flushes", "trigger"));
    json.numbers("flushErrors", metrics.totals("attolytics.flush.errors", "sqlstate_class"));
  }

  private void writeQuarantine(ReportJson json) throws IOException {
    QuarantineContents contents = metrics.quarantine();
    json.objects(
        "groups",
        contents.groups(),
        group -> {
          json.text("app", group.app());
          json.text("code", group.code());
          json.count("rows", group.rows());
        });
    json.objects(
        "newest",
        contents.newest(),
        reason -> {
          json.time("received", reason.receivedAt());
          json.text("app", reason.app());
          json.text("table", reason.table());
          json.text("code", reason.code());
          json.text("pointer", reason.pointer());
        });
  }

  private static void writeOutage(ReportJson json, Outage outage) throws IOException {
    json.time("from", outage.from());
    json.time("until", outage.until());
    json.text("part", outage.part());
    json.text("reason", String.join("; then: ", outage.reasons()));
    json.text("cause", outage.cause());
    json.count("answered503", outage.unavailable());
    json.count("answered504", outage.unknown());
  }

  private static void writeRefusal(ReportJson json, Repeated<RefusedRequest> refusal)
      throws IOException {
    RefusedRequest request = refusal.newest();
    json.time("last", refusal.last());
    json.time("first", refusal.first());
    json.count("count", refusal.count());
    json.text("app", request.app());
    json.number("status", request.status());
    json.text("reason", request.reason());
    json.text("code", request.code());
    json.text("pointer", request.pointer());
    json.text("table", request.table());
    json.text("detail", request.detail());
    json.text("userAgent", request.userAgent());
  }

  private static void writeLine(ReportJson json, Repeated<LogLine> line) throws IOException {
    json.time("last", line.last());
    json.time("first", line.first());
    json.count("count", line.count());
    json.text("level", line.newest().level());
    json.text("logger", line.newest().logger());
    json.text("message", line.newest().message());
  }
}
