package attolytics.flush;

import attolytics.buffer.NanoClock;
import java.time.Duration;

/**
 * Adds up the time that a writer spends on flushes: busy, or waiting for a database that is away.
 * One thread changes it, any may read it; what it reads never decreases.
 */
final class WriterTime {
  private final NanoClock clock;
  private long busy;
  private long waiting;
  private long start;
  private boolean runs;
  private boolean isAway;

  WriterTime(NanoClock clock) {
    this.clock = clock;
  }

  /** A flush begins. */
  synchronized void start() {
    start = clock.nanoTime();
    runs = true;
  }

  /** The flush ends. */
  synchronized void stop() {
    addUp();
    runs = false;
  }

  /** Whether time is spent on waiting from now on. */
  synchronized void setDatabaseAway(boolean away) {
    if (away != isAway) {
      addUp();
      isAway = away;
    }
  }

  private void addUp() {
    long now = clock.nanoTime();
    long passed = runs ? now - start : 0;
    busy += isAway ? 0 : passed;
    waiting += isAway ? passed : 0;
    start = now;
  }

  synchronized Duration busy() {
    return Duration.ofNanos(busyNanos());
  }

  synchronized Duration waiting() {
    return Duration.ofNanos(waitingNanos());
  }

  private long busyNanos() {
    return isAway ? busy : busy + running();
  }

  private long waitingNanos() {
    return isAway ? waiting + running() : waiting;
  }

  private long running() {
    return runs ? clock.nanoTime() - start : 0;
  }
}
