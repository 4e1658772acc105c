package attolytics.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** The meters of flushes: why they began, how large and long they were, and why they failed. */
final class FlushMeters {
  /** The classes that a flush distinguishes; a trigger can raise any other. */
  private static final List<String> SQLSTATE_CLASSES =
      List.of(
          "08", "0A", "22", "23", "25", "26", "28", "3D", "3F", "40", "42", "44", "53", "54", "55",
          "57", "58", "F0", "P0", "XX", "none");

  private static final String OTHER = "other";

  private final Map<FlushTrigger, Counter> started = new EnumMap<>(FlushTrigger.class);
  private final Map<String, Counter> failed = new LinkedHashMap<>();
  private final Durations duration;
  private final DistributionSummary rows;
  private final DistributionSummary bytes;

  FlushMeters(MeterRegistry registry) {
    for (FlushTrigger trigger : FlushTrigger.values()) {
      started.put(trigger, startedCounter(trigger, registry));
    }
    SQLSTATE_CLASSES.forEach(name -> failed.put(name, failedCounter(name, registry)));
    failed.put(OTHER, failedCounter(OTHER, registry));
    duration =
        new Durations(
            "attolytics.flush.duration",
            "Duration of a committed transaction, from acquiring the connection to the end of the COMMIT",
            registry);
    rows =
        DistributionSummary.builder("attolytics.flush.rows")
            .baseUnit("rows")
            .description("Rows of a committed transaction")
            .serviceLevelObjectives(1, 10, 100, 1000, 10_000, 100_000)
            .register(registry);
    bytes =
        DistributionSummary.builder("attolytics.flush.bytes")
            .baseUnit("bytes")
            .description("Encoded bytes of a committed transaction")
            .serviceLevelObjectives(1 << 10, 1 << 14, 1 << 17, 1 << 20, 1 << 22, 1 << 24)
            .register(registry);
  }

  private static Counter startedCounter(FlushTrigger trigger, MeterRegistry registry) {
    return Counter.builder("attolytics.flushes")
        .description("Flushes by trigger; idle: no more requests were there to wait for")
        .tag("trigger", trigger.name().toLowerCase(Locale.ROOT))
        .register(registry);
  }

  private static Counter failedCounter(String sqlStateClass, MeterRegistry registry) {
    return Counter.builder("attolytics.flush.errors")
        .description("Failed transactions by the class of their SQLSTATE")
        .tag("sqlstate_class", sqlStateClass)
        .register(registry);
  }

  void started(FlushTrigger trigger) {
    Objects.requireNonNull(started.get(trigger)).increment();
  }

  void committed(int rowCount, long byteCount, long nanos) {
    rows.record(rowCount);
    bytes.record((double) byteCount);
    duration.record(nanos);
  }

  void failed(String sqlStateClass) {
    Counter counter = failed.get(sqlStateClass);
    (counter == null ? Objects.requireNonNull(failed.get(OTHER)) : counter).increment();
  }

  long committed() {
    return duration.count();
  }

  Histogram durations() {
    return duration.takeSample();
  }

  Histogram rows() {
    HistogramSnapshot snapshot = rows.takeSnapshot();
    return Histogram.of(snapshot, rows.max(), 1);
  }
}
