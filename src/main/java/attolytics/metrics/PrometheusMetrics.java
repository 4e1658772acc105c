package attolytics.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the measurements in a Micrometer registry, for Prometheus to scrape. Labels come from the
 * schema file and from fixed sets only, never from what a client sent.
 */
public final class PrometheusMetrics implements Metrics, AutoCloseable {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics gc = new JvmGcMetrics();

  private record RequestKey(String app, int status) {}

  private record RejectionKey(String app, String reason) {}

  private final Map<RequestKey, Counter> requests = new ConcurrentHashMap<>();
  private final Map<RejectionKey, Counter> rejections = new ConcurrentHashMap<>();
  private final Map<String, Counter> duplicates = new ConcurrentHashMap<>();
  private final Map<String, Counter> commits = new ConcurrentHashMap<>();
  private final Map<String, Counter> flushErrors = new ConcurrentHashMap<>();
  private final Map<FlushTrigger, Counter> flushes = new EnumMap<>(FlushTrigger.class);
  private final Timer requestDuration;
  private final Timer flushDuration;
  private final DistributionSummary flushRows;
  private final DistributionSummary flushBytes;

  public PrometheusMetrics() {
    requestDuration =
        Timer.builder("attolytics.http.request.duration")
            .description("From a request's first byte to its answer")
            .serviceLevelObjectives(millis(1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000, 30_000))
            .register(registry);
    flushDuration =
        Timer.builder("attolytics.flush.duration")
            .description("Of a committed transaction, from taking the connection to the COMMIT")
            .serviceLevelObjectives(millis(1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000, 30_000))
            .register(registry);
    flushRows =
        DistributionSummary.builder("attolytics.flush.rows")
            .baseUnit("rows")
            .description("Rows of a committed transaction")
            .serviceLevelObjectives(1, 10, 100, 1000, 10_000, 100_000)
            .register(registry);
    flushBytes =
        DistributionSummary.builder("attolytics.flush.bytes")
            .baseUnit("bytes")
            .description("Encoded bytes of a committed transaction")
            .register(registry);
    for (FlushTrigger trigger : FlushTrigger.values()) {
      flushes.put(
          trigger,
          Counter.builder("attolytics.flushes")
              .description("Flushes by what set them off")
              .tag("trigger", trigger.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    gc.bindTo(registry);
  }

  /** Lets the counters of an app or a table stand at 0 before anything happens to it. */
  public void expect(Iterable<String> apps, Iterable<String> tables) {
    for (String app : apps) {
      requestCounter(new RequestKey(app, 200));
      duplicateCounter(app);
    }
    tables.forEach(this::commitCounter);
  }

  /**
   * Reports a value whenever it is scraped.
   *
   * @param name with dots, without the unit
   */
  public void gauge(String name, String unit, String description, Supplier<Number> value) {
    Gauge.builder(name, value).baseUnit(unit).description(description).register(registry);
  }

  /** The registry itself, for what brings meters of its own. */
  public PrometheusMeterRegistry registry() {
    return registry;
  }

  @Override
  public void requestAnswered(String app, int status, long nanos) {
    requestCounter(new RequestKey(app, status)).increment();
    requestDuration.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void eventsRejected(String app, String reason, int events) {
    rejections
        .computeIfAbsent(
            new RejectionKey(app, reason),
            key ->
                Counter.builder("attolytics.events.rejected")
                    .description("Events of refused requests, none of them stored")
                    .tags("app", app, "reason", reason)
                    .register(registry))
        .increment(events);
  }

  @Override
  public void duplicatesSuppressed(String app, int events) {
    duplicateCounter(app).increment(events);
  }

  @Override
  public void rowsCommitted(String table, int rows) {
    commitCounter(table).increment(rows);
  }

  @Override
  public void flushStarted(FlushTrigger trigger) {
    Counter counter = flushes.get(trigger);
    if (counter != null) {
      counter.increment();
    }
  }

  @Override
  public void flushCommitted(int rows, long bytes, long nanos) {
    flushRows.record(rows);
    flushBytes.record((double) bytes);
    flushDuration.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void flushFailed(String sqlStateClass) {
    flushErrors
        .computeIfAbsent(
            sqlStateClass,
            key ->
                Counter.builder("attolytics.flush.errors")
                    .description("Failed transactions by the class of their SQLSTATE")
                    .tag("sqlstate_class", key)
                    .register(registry))
        .increment();
  }

  /**
   * Everything, in the format that the scraper asked for.
   *
   * @param accept the request's {@code Accept} header, or null
   */
  public String scrape(@Nullable String accept) {
    return registry.scrape(contentType(accept));
  }

  /** The content type of {@link #scrape}. */
  public static String contentType(@Nullable String accept) {
    return accept != null && accept.contains("application/openmetrics-text")
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
  }

  private Counter requestCounter(RequestKey key) {
    return requests.computeIfAbsent(
        key,
        k ->
            Counter.builder("attolytics.http.requests")
                .description("Answered requests")
                .tags("app", k.app(), "status", Integer.toString(k.status()))
                .register(registry));
  }

  private Counter duplicateCounter(String app) {
    return duplicates.computeIfAbsent(
        app,
        id ->
            Counter.builder("attolytics.duplicates.suppressed")
                .description("Events sent again under their Idempotency-Key, not stored again")
                .tag("app", id)
                .register(registry));
  }

  private Counter commitCounter(String table) {
    return commits.computeIfAbsent(
        table,
        name ->
            Counter.builder("attolytics.events.committed")
                .description("Events whose row is committed")
                .tag("table", name)
                .register(registry));
  }

  private static Duration[] millis(long... values) {
    Duration[] durations = new Duration[values.length];
    for (int i = 0; i < values.length; i++) {
      durations[i] = Duration.ofMillis(values[i]);
    }
    return durations;
  }
}
