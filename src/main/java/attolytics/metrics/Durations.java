package attolytics.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Timers, all with the same buckets. */
final class Durations {
  /** From a commit on a fast disk to more than the default ack timeout. */
  private static final List<Double> BUCKETS_MILLIS =
      List.of(
          0.5, 1., 2., 5., 10., 20., 50., 100., 200., 500., 1_000., 2_000., 5_000., 10_000.,
          20_000., 30_000., 45_000., 60_000.);

  private Durations() {}

  static Timer timer(String name, String description, MeterRegistry registry) {
    return Timer.builder(name)
        .description(description)
        .serviceLevelObjectives(
            BUCKETS_MILLIS.stream()
                .map(millis -> Duration.ofNanos((long) (millis * 1e6)))
                .toArray(Duration[]::new))
        .register(registry);
  }

  /** In seconds. */
  static Histogram histogram(Timer timer) {
    HistogramSnapshot snapshot = timer.takeSnapshot();
    return Histogram.of(
        snapshot, timer.max(TimeUnit.SECONDS), (double) TimeUnit.SECONDS.toNanos(1));
  }
}
