package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class StopwatchTest {
  private final FakeClock clock = new FakeClock();
  private final Stopwatch stopwatch = new Stopwatch(clock);

  private void assertTotal(long nanos) {
    assertEquals(Duration.ofNanos(nanos), stopwatch.total());
  }

  @Test
  void total_isTheTimeFromStartsToStops_andSinceTheLastStart() {
    clock.advance(5);
    assertTotal(0);
    stopwatch.start();
    clock.advance(10);
    assertTotal(10);
    stopwatch.stop();
    clock.advance(100);
    assertTotal(10);
    stopwatch.start();
    clock.advance(3);
    assertTotal(13);
    stopwatch.stop();
    assertTotal(13);
  }
}
