package attolytics.metrics;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * What the meters showed over the last minutes, so that a page that is just opened has something to
 * draw. Thread-safe.
 */
public final class History {
  /** How many samples are kept besides the newest: one a second makes five minutes. */
  public static final int LENGTH = 300;

  /** Samples that current rates are taken over. */
  public static final int RECENT = 10;

  private final PrometheusMetrics metrics;
  private final Deque<Sample> samples = new ArrayDeque<>();

  public History(PrometheusMetrics metrics) {
    this.metrics = metrics;
  }

  /** Takes a sample. To be called once a second. */
  public void take() {
    Sample sample = Sample.of(metrics);
    synchronized (samples) {
      samples.addLast(sample);
      if (samples.size() > LENGTH + 1) {
        samples.removeFirst();
      }
    }
  }

  /** Rows committed a second, over the last ten of them. */
  public double rowsPerSecond() {
    List<Sample> samples = samples();
    if (samples.size() < 2) {
      return 0;
    }
    Sample now = samples.get(samples.size() - 1);
    return now.rowsPerSecondSince(samples.get(Math.max(0, samples.size() - 1 - RECENT)));
  }

  /** The samples, the oldest first. */
  public List<Sample> samples() {
    synchronized (samples) {
      return List.copyOf(samples);
    }
  }
}
