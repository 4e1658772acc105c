package attolytics.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HistogramTest {
  private static Histogram histogram(double... cumulative) {
    return new Histogram(new double[] {1, 2, 4}, cumulative, 30, 60);
  }

  @ParameterizedTest
  @CsvSource({
    "0.1, 0.5", // halfway through the first bucket, which begins at 0
    "0.2, 1",
    "0.5, 1.75", // the 10th is the 6th of 8 between 1 and 2
    "0.6, 2",
    "0.7, 3",
    "0.8, 4",
    "0.9, 4", // beyond the last bound nothing is known
    "1, 4"
  })
  void quantile_interpolatesWithinTheBucket(double q, double expected) {
    assertEquals(expected, histogram(4, 12, 16, 20).quantile(q), 1e-9);
  }

  @Test
  void quantileBeyondTheLastBound_isThatBound() {
    assertEquals(4, histogram(4, 12, 16, 20).largestBound());
    assertEquals(4, histogram(0, 0, 0, 20).quantile(0.5));
  }

  @Test
  void quantile_isNotAboveTheMaximum() {
    Histogram timeouts =
        new Histogram(new double[] {1, 30, 60}, new double[] {0, 0, 9, 9}, 270, 31);
    assertEquals(31, timeouts.quantile(0.5));
    assertEquals(31, timeouts.since(histogram(0, 0, 0, 0)).quantile(0.99));
  }

  @Test
  void maximum_isThatOfTheSamplesAfterTheFirst() {
    double[] bounds = {1, 30, 60};
    Histogram first = new Histogram(bounds, new double[] {0, 0, 9, 9}, 270, 50);
    Histogram second = new Histogram(bounds, new double[] {0, 0, 18, 18}, 550, 32);
    Histogram third = new Histogram(bounds, new double[] {9, 9, 27, 27}, 559, 1);
    assertEquals(32, Histogram.of(List.of(first, second, third)).quantile(0.99));
    assertEquals(Double.NaN, Histogram.of(List.of(third)).quantile(0.99));
  }

  @Test
  void quantile_isNotBelowItsBucket_ifTheMaximumComesLate() {
    Histogram late = new Histogram(new double[] {1, 30, 60}, new double[] {0, 0, 1, 1}, 31, 0);
    assertEquals(30, late.quantile(0.99));
  }

  @Test
  void quantile_skipsEmptyBuckets() {
    assertEquals(3, histogram(0, 0, 10, 10).quantile(0.5), 1e-9);
  }

  @Test
  void since_isWhatCameInBetween() {
    Histogram between =
        histogram(4, 12, 16, 20)
            .since(new Histogram(new double[3], new double[] {4, 4, 4, 4}, 10, 60));
    assertEquals(16, between.count());
    assertEquals(20. / 16, between.mean());
    assertEquals(2, between.quantile(0.5), 1e-9);
  }

  @Test
  void nothing_hasNeitherMeanNorQuantile() {
    Histogram nothing = histogram(1, 2, 3, 4).since(histogram(1, 2, 3, 4));
    assertEquals(0, nothing.count());
    assertEquals(Double.NaN, nothing.mean());
    assertEquals(Double.NaN, nothing.quantile(0.99));
  }
}
