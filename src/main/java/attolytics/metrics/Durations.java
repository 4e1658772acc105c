package attolytics.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A timer. All have the same buckets. Thread-safe. */
final class Durations {
  /** From a commit on a fast disk to more than the default ack timeout. */
  private static final List<Double> BUCKETS_MILLIS =
      List.of(
          0.5, 1., 2., 5., 10., 20., 50., 100., 200., 500., 1_000., 2_000., 5_000., 10_000.,
          20_000., 30_000., 45_000., 60_000.);

  private final Timer timer;

  /** In nanoseconds, since the last sample. The timer's own maximum is that of a minute. */
  private final AtomicLong longest = new AtomicLong();

  Durations(String name, String description, MeterRegistry registry) {
    timer =
        Timer.builder(name)
            .description(description)
            .serviceLevelObjectives(
                BUCKETS_MILLIS.stream()
                    .map(millis -> Duration.ofNanos((long) (millis * 1e6)))
                    .toArray(Duration[]::new))
            .register(registry);
  }

  void record(long nanos) {
    if (nanos > longest.get()) {
      longest.accumulateAndGet(nanos, Math::max);
    }
    timer.record(nanos, TimeUnit.NANOSECONDS);
  }

  long count() {
    return timer.count();
  }

  /** All durations, in seconds, with the maximum of those since the sample before. */
  Histogram takeSample() {
    HistogramSnapshot snapshot = timer.takeSnapshot();
    double nanosPerSecond = TimeUnit.SECONDS.toNanos(1);
    return Histogram.of(snapshot, longest.getAndSet(0) / nanosPerSecond, nanosPerSecond);
  }
}
