package attolytics.app;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that goes as fast as any other, and can be put forward. Thread-safe. */
public final class TestClock implements InstantSource {
  private final AtomicReference<Duration> offset;

  /**
   * A clock that shows noon of a day in the past.
   *
   * @param daysAgo which has to be more than it is put forward: the server's clock stays as it is
   */
  public TestClock(int daysAgo) {
    Instant now = Instant.now();
    Instant noon = now.truncatedTo(ChronoUnit.DAYS).plus(Duration.ofHours(12));
    offset = new AtomicReference<>(Duration.between(now, noon.minus(Duration.ofDays(daysAgo))));
  }

  @Override
  public Instant instant() {
    return Instant.now().plus(offset.get());
  }

  /** The midnight that the day began with. */
  public Instant today() {
    return instant().atOffset(ZoneOffset.UTC).truncatedTo(ChronoUnit.DAYS).toInstant();
  }

  public void pass(Duration time) {
    offset.updateAndGet(time::plus);
  }
}
