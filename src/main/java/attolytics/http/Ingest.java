package attolytics.http;

import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.metrics.Metrics;
import attolytics.schema.App;
import java.util.List;
import java.util.Map;

/**
 * What requests are served with.
 *
 * @param apps by id
 * @param rings one a writer
 * @param budget of the bytes that are read and wait for their commit
 */
public record Ingest(
    Map<String, App> apps,
    List<Ring> rings,
    Budget budget,
    Limits limits,
    Metrics metrics,
    ErrorIds errorIds) {
  public Ingest(
      Map<String, App> apps, List<Ring> rings, Budget budget, Limits limits, Metrics metrics) {
    this(apps, rings, budget, limits, metrics, new ErrorIds());
  }

  /** The rows that a single request may have. */
  int maxRows() {
    return rings.get(0).capacityRows();
  }
}
