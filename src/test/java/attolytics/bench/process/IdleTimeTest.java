package attolytics.bench.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class IdleTimeTest {
  @Test
  void shareSince_countsWaitingForTheDiskAsIdleAndGuestsOnce() {
    IdleTime before = IdleTime.parse(List.of("cpu  100 0 50 800 40 0 10 0 30 0", "cpu0 1 2 3"));
    IdleTime after = IdleTime.parse(List.of("cpu  150 0 70 810 50 0 15 5 80 0", "cpu0 1 2 3"));

    assertEquals(0.2, after.shareSince(before), 1e-9);
  }
}
