package attolytics.flush;

import java.time.Duration;

/** Adds up time. One thread starts and stops it, any may read it; what it reads never decreases. */
final class Stopwatch {
  private long total;
  private long start;
  private boolean runs;

  synchronized void start() {
    start = System.nanoTime();
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
    return runs ? total + System.nanoTime() - start : total;
  }
}
