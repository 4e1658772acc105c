package attolytics.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** The meters of one table. */
final class TableMeters {
  private final Counter committed;
  private final Counter leftOut;

  TableMeters(String table, MeterRegistry registry) {
    committed =
        Counter.builder("attolytics.events.committed")
            .description("Rows of events that are committed")
            .tag("table", table)
            .register(registry);
    leftOut =
        Counter.builder("attolytics.duplicate.events")
            .description("Events that are not stored again, by deduplicate_by of their table")
            .tag("table", table)
            .register(registry);
  }

  void committed(int rows) {
    committed.increment(rows);
  }

  long committed() {
    return (long) committed.count();
  }

  void leftOut(int rows) {
    leftOut.increment(rows);
  }
}
