package attolytics.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** How a table is divided, and what is done about it. Thread-safe. */
public final class PartitionMeters {
  private final Counter made;
  private final Counter dropped;
  private final Counter failures;
  private volatile double count = Double.NaN;
  private volatile double end = Double.NaN;

  public PartitionMeters(String table, MeterRegistry registry) {
    made = counter("partitions.made", "Partitions that this instance made", table, registry);
    dropped =
        counter(
            "partitions.dropped",
            "Partitions past their retention that this instance dropped",
            table,
            registry);
    failures =
        counter(
            "partition.upkeep.failures",
            "How often partitions could not be made or dropped, or looked at",
            table,
            registry);
    Gauge.builder("attolytics.partitions", () -> count)
        .description("The partitions that the table has")
        .tag("table", table)
        .register(registry);
    Gauge.builder("attolytics.partitions.end.timestamp", () -> end)
        .baseUnit("seconds")
        .description("Until when each event has a partition, since the Unix epoch")
        .tag("table", table)
        .register(registry);
  }

  private static Counter counter(
      String name, String description, String table, MeterRegistry registry) {
    return Counter.builder("attolytics." + name)
        .description(description)
        .tag("table", table)
        .register(registry);
  }

  /**
   * Takes how the table is divided now.
   *
   * @param endSeconds until when there are partitions, since the Unix epoch
   */
  public void found(int partitions, double endSeconds) {
    count = partitions;
    end = endSeconds;
  }

  /** The table is not the service's to divide any more: nothing is known of it. */
  public void forget() {
    count = Double.NaN;
    end = Double.NaN;
  }

  public void made() {
    made.increment();
  }

  public void dropped() {
    dropped.increment();
  }

  public void failed() {
    failures.increment();
  }
}
