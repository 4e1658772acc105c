package attolytics.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Exposes the measurements to Prometheus, by a Micrometer registry. All label values come from the
 * schema file and from fixed sets, none from clients. Counters are registered at 0 before they
 * increase, because Prometheus cannot see the first increase of a series that it does not know.
 *
 * <p>Longer than other files because it has a method per measurement.
 */
public final class PrometheusMetrics implements Metrics, AutoCloseable {
  /** The reasons why events are put into quarantine. */
  private static final List<String> QUARANTINE_CODES =
      List.of(
          "conflict",
          "duplicate_field",
          "header_field",
          "invalid_address",
          "invalid_date",
          "invalid_number",
          "invalid_string",
          "invalid_timestamp",
          "missing_field",
          "not_an_event",
          "out_of_range",
          "refused_by_database",
          "source_field",
          "too_far_ahead",
          "too_long",
          "too_old",
          "type_mismatch",
          "unknown_field",
          "unknown_table",
          "value_not_allowed");

  private static final ExpositionFormats FORMATS = ExpositionFormats.init();

  /** With more apps, counters by status or reason are registered when they first increase. */
  static final int MAX_APPS_FROM_ZERO = 1_000;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final RuntimeMeters runtime = new RuntimeMeters();

  private final Collection<Integer> statuses;
  private final Collection<String> reasons;
  private final Map<String, AppMeters> apps = new ConcurrentHashMap<>();
  private final Map<String, TableMeters> tables = new ConcurrentHashMap<>();
  private volatile QuarantineContents quarantine = QuarantineContents.NONE;
  private final Map<String, DoubleSupplier> gauges = new ConcurrentHashMap<>();
  private final List<WriterMeters> writers = new CopyOnWriteArrayList<>();
  private final Map<String, LongAdder> refusedByReason = new ConcurrentHashMap<>();
  private final SchemaMeters schema;
  private final FlushMeters flushes;
  private final Durations requestDuration;

  /**
   * @param apps ids
   * @param tables names
   * @param statuses that a request may be answered with
   * @param reasons for which a request may be refused
   */
  public PrometheusMetrics(
      Collection<String> apps,
      Collection<String> tables,
      Collection<Integer> statuses,
      Collection<String> reasons) {
    this.statuses = List.copyOf(statuses);
    this.reasons = List.copyOf(reasons);
    register(List.of(UNKNOWN_APP), List.of());
    register(apps, tables);
    schema = new SchemaMeters(registry);
    flushes = new FlushMeters(registry);
    requestDuration =
        new Durations(
            "attolytics.http.request.duration",
            "Time from the first byte of a request to its response",
            registry);
    runtime.bindTo(registry);
  }

  /** Registers the meters of apps and tables. Those of an earlier schema file remain. */
  public void register(Collection<String> appIds, Collection<String> tableNames) {
    boolean fromZero = appIds.size() <= MAX_APPS_FROM_ZERO;
    for (String id : appIds) {
      AppMeters app = apps.computeIfAbsent(id, added -> new AppMeters(added, registry));
      if (fromZero) {
        statuses.forEach(app::requests);
        reasons.forEach(app::rejected);
        reasons.forEach(app::refused);
        QUARANTINE_CODES.forEach(app::quarantined);
      }
    }
    for (String table : tableNames) {
      tables.computeIfAbsent(table, added -> new TableMeters(added, registry));
    }
  }

  /** The schema file was reloaded, or the reload was refused. */
  public void reloaded(boolean done) {
    schema.reloaded(done);
  }

  /** When the schema file was loaded. */
  public SchemaMeters schema() {
    return schema;
  }

  /**
   * Registers a gauge.
   *
   * @param name with dots, without the unit
   * @param unit or null if it has none
   */
  public void gauge(String name, @Nullable String unit, String description, DoubleSupplier value) {
    Gauge.builder(name, value::getAsDouble)
        .baseUnit(unit)
        .description(description)
        .register(registry);
    gauges.put(name, value);
  }

  /**
   * Registers the counters of the next writer.
   *
   * @param busySeconds how long it has been flushing
   * @param waitingSeconds how long it has waited for a database that was away
   * @param rows how many it has collected for its flushes
   */
  public void addWriter(
      DoubleSupplier busySeconds, DoubleSupplier waitingSeconds, DoubleSupplier rows) {
    writers.add(new WriterMeters(writers.size(), busySeconds, waitingSeconds, rows, registry));
  }

  /** The meters of the writers, by number: a view. */
  public List<WriterMeters> writers() {
    return Collections.unmodifiableList(writers);
  }

  /** The process was stopped, or had no processor. */
  public void processPaused(Duration pause) {
    runtime.paused(pause);
  }

  /** Registers the version. */
  public void buildInfo(String version) {
    Tags tags = Tags.of("version", version, "java_version", Runtime.version().toString());
    Gauge.builder("attolytics.build.info", () -> 1)
        .description("The version of the service and of Java")
        .tags(tags)
        .register(registry);
  }

  /** The sums of all counters of a name, by the values of a tag. */
  public Map<String, Double> totals(String name, String tag) {
    Map<String, Double> totals = new TreeMap<>();
    for (Counter counter : registry.find(name).counters()) {
      totals.merge(String.valueOf(counter.getId().getTag(tag)), counter.count(), Double::sum);
    }
    return totals;
  }

  /** Rows of the table that are committed. */
  public long committedRows(String table) {
    TableMeters meters = tables.get(table);
    return meters == null ? 0 : meters.committed();
  }

  /** Rows that are committed, by table. */
  Map<String, Long> committedRows() {
    Map<String, Long> rows = new TreeMap<>();
    tables.forEach((table, meters) -> rows.put(table, meters.committed()));
    return rows;
  }

  /** The values of all gauges of a name that have one, by the values of a tag. */
  public Map<String, Double> gauges(String name, String tag) {
    Map<String, Double> values = new TreeMap<>();
    for (Gauge gauge : registry.find(name).gauges()) {
      if (!Double.isNaN(gauge.value())) {
        values.put(String.valueOf(gauge.getId().getTag(tag)), gauge.value());
      }
    }
    return values;
  }

  /** The value of a gauge, or 0 if there is none of that name yet. */
  public double gauge(String name) {
    DoubleSupplier own = gauges.get(name);
    if (own != null) {
      return own.getAsDouble(); // without a search, as it is read every second
    }
    Gauge gauge = registry.find(name).gauge();
    return gauge == null ? 0 : gauge.value();
  }

  /** The registry, for libraries with meters of their own. */
  public MeterRegistry registry() {
    return registry;
  }

  @Override
  public void requestAnswered(String app, int status, long nanos) {
    meters(app).requests(status).increment();
    requestDuration.record(nanos);
  }

  @Override
  public void eventsAccepted(String app, int events) {
    meters(app).accepted().increment(events);
  }

  @Override
  public void eventsRejected(String app, String reason, int events) {
    meters(app).rejected(reason).increment(events);
  }

  @Override
  public void requestRefused(String app, String reason) {
    meters(app).refused(reason).increment();
    refusedByReason.computeIfAbsent(reason, added -> new LongAdder()).increment();
  }

  @Override
  public void duplicatesSuppressed(String app, int events) {
    meters(app).duplicates().increment(events);
  }

  @Override
  public void eventsQuarantined(String app, String code, int events) {
    meters(app).quarantined(code).increment(events);
  }

  /** Sets the contents of the quarantine. Events of unknown apps are counted together. */
  public void quarantine(QuarantineContents contents) {
    Map<String, Long> rows = contents.rowsByApp();
    long known = 0;
    for (Map.Entry<String, AppMeters> app : apps.entrySet()) {
      if (!app.getKey().equals(UNKNOWN_APP)) {
        long own = rows.getOrDefault(app.getKey(), 0L);
        app.getValue().quarantineRows(own);
        known += own;
      }
    }
    long all = rows.values().stream().mapToLong(Long::longValue).sum();
    meters(UNKNOWN_APP).quarantineRows(all - known);
    quarantine = contents;
  }

  /** The contents of the quarantine when they were last counted. */
  public QuarantineContents quarantine() {
    return quarantine;
  }

  private AppMeters meters(String app) {
    AppMeters meters = apps.get(app);
    return meters == null ? Objects.requireNonNull(apps.get(UNKNOWN_APP)) : meters;
  }

  @Override
  public void rowsCommitted(String table, int rows) {
    TableMeters meters = tables.get(table);
    if (meters != null) {
      meters.committed(rows);
    }
  }

  @Override
  public void rowsLeftOut(String table, int rows) {
    TableMeters meters = tables.get(table);
    if (meters != null) {
      meters.leftOut(rows);
    }
  }

  @Override
  public void flushStarted(FlushTrigger trigger) {
    flushes.started(trigger);
  }

  @Override
  public void flushCommitted(int rows, long bytes, long nanos) {
    flushes.committed(rows, bytes, nanos);
  }

  @Override
  public void flushFailed(String sqlStateClass) {
    flushes.failed(sqlStateClass);
  }

  /**
   * All meters, as OpenMetrics if the client accepts that, otherwise in Prometheus' text format. As
   * the metrics library does, it ignores how much the client prefers one of them: Prometheus reads
   * all formats that it asks for.
   *
   * @param accept the header {@code Accept}, or null
   * @see <a href="https://prometheus.io/docs/instrumenting/content_negotiation/">Scrape protocol
   *     content negotiation</a>
   */
  public Exposition scrape(@Nullable String accept) {
    boolean openMetrics = FORMATS.getOpenMetricsTextFormatWriter().accepts(accept);
    String contentType =
        openMetrics
            ? FORMATS.getOpenMetricsTextFormatWriter().getContentType()
            : FORMATS.getPrometheusTextFormatWriter().getContentType();
    return new Exposition(contentType, registry.scrape(contentType));
  }

  /** How many requests of all apps were refused, by reason. */
  Map<String, Long> refusedByReason() {
    Map<String, Long> counts = new TreeMap<>();
    refusedByReason.forEach((reason, count) -> counts.put(reason, count.sum()));
    return counts;
  }

  /** How many requests of all apps were refused for one of the reasons. */
  public long requestsRefused(Set<String> reasonsToCount) {
    return refusedByReason().entrySet().stream()
        .filter(entry -> reasonsToCount.contains(entry.getKey()))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** How many transactions of the writers were committed. */
  public long transactions() {
    return flushes.committed();
  }

  /** Called once for each sample, as {@link #flushDurations} is. */
  Histogram requestDurations() {
    return requestDuration.takeSample();
  }

  Histogram flushDurations() {
    return flushes.durations();
  }

  Histogram flushRows() {
    return flushes.rows();
  }

  @Override
  public void close() {
    runtime.close();
    registry.close();
  }
}
