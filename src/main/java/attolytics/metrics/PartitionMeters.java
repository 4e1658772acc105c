package attolytics.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** The meters of a table's partitions and their maintenance. Thread-safe. */
public final class PartitionMeters {
  private final Counter made;
  private final Counter dropped;
  private final Counter failures;
  private volatile double count = Double.NaN;
  private volatile double end = Double.NaN;

  public PartitionMeters(String table, MeterRegistry registry) {
    made = counter("partitions.made", "Partitions that this instance created", table, registry);
    dropped =
        counter(
            "partitions.dropped",
            "Partitions past their retention that this instance dropped",
            table,
            registry);
    failures =
        counter(
            "partition.upkeep.failures",
            "Failures to create, drop or query partitions",
            table,
            registry);
    Gauge.builder("attolytics.partitions", () -> count)
        .description("Partitions of the table")
        .tag("table", table)
        .register(registry);
    Gauge.builder("attolytics.partitions.end.timestamp", () -> end)
        .baseUnit("seconds")
        .description("End of the range of times that have a partition, since the Unix epoch")
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
   * Sets the partitions that the table has now.
   *
   * @param endSeconds the end of the range of times that have a partition, since the Unix epoch
   */
  public void found(int partitions, double endSeconds) {
    count = partitions;
    end = endSeconds;
  }

  /** The service does not maintain the table's partitions any more. */
  public void unregister() {
    count = Double.NaN;
    end = Double.NaN;
  }

  public void created() {
    made.increment();
  }

  public void dropped() {
    dropped.increment();
  }

  public void failed() {
    failures.increment();
  }
}
