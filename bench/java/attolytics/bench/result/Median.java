package attolytics.bench.result;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The median of some measurements, and their range. */
public record Median(double median, double min, double max) {
  /** Of nothing: not a number. */
  static Median of(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int count = sorted.length;
    if (count == 0) {
      return new Median(Double.NaN, Double.NaN, Double.NaN);
    }
    double median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    return new Median(median, sorted[0], sorted[count - 1]);
  }

  public static <T> Median of(List<T> measured, ToDoubleFunction<T> figure) {
    return of(measured.stream().mapToDouble(figure).toArray());
  }

  /** Of the ratios of rounds with the same number, since the machine's speed drifts. */
  public static Median ofRatios(
      List<Round> these, List<Round> those, ToDoubleFunction<Round> figure) {
    return of(
        these.stream()
            .flatMapToDouble(
                a ->
                    those.stream()
                        .filter(b -> b.number() == a.number())
                        .mapToDouble(b -> figure.applyAsDouble(a) / figure.applyAsDouble(b)))
            .toArray());
  }
}
