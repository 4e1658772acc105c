package attolytics.metrics;

import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import java.util.List;

/**
 * The counts of a histogram at one time, or between two. Immutable.
 *
 * <pre>
 *   bounds       0.5     1     2     5   (∞)
 *   cumulative     3    10    10    12    13     values not larger than the bound
 * </pre>
 */
public final class Histogram {
  private final double[] bounds;
  private final double[] cumulative;
  private final double sum;
  private final double max;

  /**
   * @param max no value that has come since the sample before was larger
   */
  Histogram(double[] bounds, double[] cumulative, double sum, double max) {
    this.bounds = bounds;
    this.cumulative = cumulative;
    this.sum = sum;
    this.max = max;
  }

  /**
   * @param max the same; read after the snapshot, so that it includes all values in there; in this
   *     histogram's unit
   * @param scale the number of Micrometer's units in one of this histogram's
   */
  static Histogram of(HistogramSnapshot snapshot, double max, double scale) {
    CountAtBucket[] buckets = snapshot.histogramCounts();
    double[] bounds = new double[buckets.length];
    double[] cumulative = new double[buckets.length + 1];
    for (int i = 0; i < buckets.length; i++) {
      bounds[i] = buckets[i].bucket() / scale;
      cumulative[i] = buckets[i].count();
    }
    // Read after the buckets, so it may lag behind them.
    cumulative[buckets.length] = snapshot.count();
    return new Histogram(bounds, cumulative, snapshot.total() / scale, max);
  }

  /** The values since an earlier histogram. */
  public Histogram since(Histogram before) {
    double[] counts = cumulative.clone();
    for (int i = 0; i < counts.length; i++) {
      counts[i] -= before.cumulative[i];
    }
    return new Histogram(bounds, counts, sum - before.sum, max);
  }

  /** The values since the first of some successive samples, up to the last. */
  public static Histogram of(List<Histogram> samples) {
    Histogram first = samples.get(0);
    Histogram last = samples.get(samples.size() - 1);
    double max = samples.stream().skip(1).mapToDouble(sample -> sample.max).max().orElse(0);
    Histogram values = last.since(first);
    return new Histogram(values.bounds, values.cumulative, values.sum, max);
  }

  /** The number of values. */
  public double count() {
    return cumulative[cumulative.length - 1];
  }

  /** The mean, or NaN if there are no values. */
  public double mean() {
    return count() <= 0 ? Double.NaN : sum / count();
  }

  /** The largest bound. A quantile that is equal to it may be larger in fact. */
  public double largestBound() {
    return bounds[bounds.length - 1];
  }

  /**
   * Estimates a quantile as Prometheus' {@code histogram_quantile} does: by interpolation within a
   * bucket, and with the last bound for larger values. Where all values of a wide bucket are near
   * its lower bound, as those that end with a timeout or a lock are, the maximum is the better
   * estimate.
   *
   * @return NaN if there are no values
   */
  public double quantile(double q) {
    if (count() <= 0) {
      return Double.NaN;
    }
    double rank = q * count();
    int bucket = 0;
    while (bucket < bounds.length && cumulative[bucket] < rank) {
      bucket++;
    }
    if (bucket == bounds.length) {
      return largestBound();
    }
    double below = bucket == 0 ? 0 : cumulative[bucket - 1];
    double lower = bucket == 0 ? 0 : bounds[bucket - 1];
    double inBucket = cumulative[bucket] - below;
    double estimate =
        lower + (bounds[bucket] - lower) * (inBucket <= 0 ? 1 : (rank - below) / inBucket);
    // A value that comes while a sample is taken may be in the buckets, and not in the maximum.
    return Math.max(lower, Math.min(estimate, max));
  }
}
