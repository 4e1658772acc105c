package attolytics.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The meters of the schema file: when it was loaded, and what became of reloads. Thread-safe. */
public final class SchemaMeters {
  private final Counter reloads;
  private final Counter refusedReloads;
  private volatile Instant loaded = Instant.now();
  private volatile @Nullable Instant refused;

  SchemaMeters(MeterRegistry registry) {
    reloads = reloadCounter("done", registry);
    refusedReloads = reloadCounter("refused", registry);
    Gauge.builder(
            "attolytics.schema.loaded.timestamp", () -> Math.floor(loaded.toEpochMilli() / 1e3))
        .baseUnit("seconds")
        .description("When the schema file that is in effect was loaded, since the Unix epoch")
        .register(registry);
  }

  private static Counter reloadCounter(String outcome, MeterRegistry registry) {
    return Counter.builder("attolytics.schema.reloads")
        .description("Reloads of the schema file by outcome")
        .tag("outcome", outcome)
        .register(registry);
  }

  void reloaded(boolean done) {
    if (done) {
      loaded = Instant.now();
      refused = null;
      reloads.increment();
    } else {
      refused = Instant.now();
      refusedReloads.increment();
    }
  }

  /** When the schema file that is in effect was loaded. */
  public Instant loaded() {
    return loaded;
  }

  /** When a reload was refused, if that was the last one; else null. */
  public @Nullable Instant refused() {
    return refused;
  }
}
