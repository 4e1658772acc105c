package attolytics.metrics;

import java.util.ArrayList;
import java.util.List;

/** Samples of the meters over the last minutes, for the charts of the status page. Thread-safe. */
public final class History {
  /** Samples kept besides the newest one: five minutes at one per second. */
  public static final int LENGTH = 300;

  /** The number of samples over which current rates are calculated. */
  public static final int RECENT = 10;

  private final PrometheusMetrics metrics;
  private final List<Sample> samples = new ArrayList<>();

  public History(PrometheusMetrics metrics) {
    this.metrics = metrics;
  }

  /** Takes a sample. Called once per second. */
  public void take() {
    Sample sample = Sample.of(metrics);
    synchronized (samples) {
      samples.add(sample);
      int old = samples.size() - 1 - (RECENT + 1);
      if (old >= 0) {
        samples.set(old, samples.get(old).withoutTables());
      }
      if (samples.size() > LENGTH + 1) {
        samples.remove(0);
      }
    }
  }

  /** Rows committed per second, over the last ten seconds. */
  public double rowsPerSecond() {
    List<Sample> samples = samples();
    if (samples.size() < 2) {
      return 0;
    }
    Sample now = samples.get(samples.size() - 1);
    return now.rowsPerSecondSince(samples.get(Math.max(0, samples.size() - 1 - RECENT)));
  }

  /** The samples, oldest first. */
  public List<Sample> samples() {
    synchronized (samples) {
      return List.copyOf(samples);
    }
  }
}
