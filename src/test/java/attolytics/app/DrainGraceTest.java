package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DrainGraceTest {
  /** Not zero, which a forgotten value would be. */
  private static final long NOW = Duration.ofDays(1).toNanos();

  @ParameterizedTest
  @CsvSource({
    // waited, since the last 503, expired, over
    "400, 200, false, false",
    "500, , false, true",
    "500, 50, false, false",
    "500, 200, false, true",
    "500, 900, false, false", // a proxy's next request may be under way
    "500, 900, true, true",
    "400, , true, true", // the process must exit within the drain timeout
    "2000, 900, false, false",
    "2000, 150, false, true",
    "2500, 900, false, true",
    "2500, 10, false, true",
  })
  void isOver_soonAfterARefusal(
      long waited, @Nullable Long sinceRefusal, boolean expired, boolean over) {
    OptionalLong refused =
        sinceRefusal == null ? OptionalLong.empty() : OptionalLong.of(NOW - nanos(sinceRefusal));
    assertEquals(over, DrainGrace.FOR_PROXIES.isOver(nanos(waited), expired, NOW, refused));
  }

  private static long nanos(long millis) {
    return Duration.ofMillis(millis).toNanos();
  }
}
