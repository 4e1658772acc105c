package attolytics.flush;

import attolytics.buffer.NanoClock;
import java.time.Duration;

/** Adds up time. One thread starts and stops it, any may read it; what it reads never decreases. */
final class Stopwatch {
  private final NanoClock clock;
  private long total;
  private long start;
  private boolean runs;

  Stopwatch(NanoClock clock) {
    this.clock = clock;
  }

  synchronized void start() {
    start = clock.nanoTime();
    runs = true;
  }

  synchronized void stop() {
    total = nanos();
    runs = false;
  }

  synchronized Duration total() {
    return Duration.ofNanos(nanos());
  }

  private long nanos() {
    return runs ? total + clock.nanoTime() - start : total;
  }
}
