package attolytics.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.DoubleSupplier;

/** The meters of one writer: which share of the work is its. */
public final class WriterMeters {
  private final DoubleSupplier busySeconds;
  private final DoubleSupplier waitingSeconds;
  private final DoubleSupplier rows;

  /**
   * @param busySeconds returns a value that never decreases
   * @param waitingSeconds the same
   * @param rows the same
   */
  WriterMeters(
      int number,
      DoubleSupplier busySeconds,
      DoubleSupplier waitingSeconds,
      DoubleSupplier rows,
      MeterRegistry registry) {
    this.busySeconds = busySeconds;
    this.waitingSeconds = waitingSeconds;
    this.rows = rows;
    String writer = Integer.toString(number);
    FunctionCounter.builder("attolytics.writer.busy", this, WriterMeters::busySeconds)
        .baseUnit("seconds")
        .description("Time that the writer has spent on flushes, not on waiting")
        .tag("writer", writer)
        .register(registry);
    FunctionCounter.builder("attolytics.writer.waiting", this, WriterMeters::waitingSeconds)
        .baseUnit("seconds")
        .description("Time that the writer has waited, with rows, for a database that was away")
        .tag("writer", writer)
        .register(registry);
    FunctionCounter.builder("attolytics.writer.rows", this, WriterMeters::rows)
        .description("Rows that the writer has collected for its flushes")
        .tag("writer", writer)
        .register(registry);
  }

  public double busySeconds() {
    return busySeconds.getAsDouble();
  }

  public double waitingSeconds() {
    return waitingSeconds.getAsDouble();
  }

  public double rows() {
    return rows.getAsDouble();
  }
}
