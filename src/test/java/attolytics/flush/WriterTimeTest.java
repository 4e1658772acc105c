package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class WriterTimeTest {
  private final FakeClock clock = new FakeClock();
  private final WriterTime time = new WriterTime(clock);

  private void assertTimes(long busyNanos, long waitingNanos) {
    assertEquals(Duration.ofNanos(busyNanos), time.busy());
    assertEquals(Duration.ofNanos(waitingNanos), time.waiting());
  }

  @Test
  void busy_isTheTimeFromStartsToStops_andSinceTheLastStart() {
    clock.advance(5);
    assertTimes(0, 0);
    time.start();
    clock.advance(10);
    assertTimes(10, 0);
    time.stop();
    clock.advance(100);
    assertTimes(10, 0);
    time.start();
    clock.advance(3);
    assertTimes(13, 0);
    time.stop();
    assertTimes(13, 0);
  }

  @Test
  void timeWithoutADatabase_isNotBusy() {
    time.start();
    clock.advance(10);
    time.setDatabaseAway(true);
    clock.advance(20);
    assertTimes(10, 20);
    time.setDatabaseAway(true);
    clock.advance(30);
    time.stop();
    clock.advance(100); // no request waits
    assertTimes(10, 50);
    time.start();
    clock.advance(5);
    time.setDatabaseAway(false);
    clock.advance(7);
    assertTimes(17, 55);
  }
}
