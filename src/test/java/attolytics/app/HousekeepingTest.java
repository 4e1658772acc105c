package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HousekeepingTest {
  static Stream<Throwable> failures() {
    return Stream.of(new IllegalStateException("of the test"), new OutOfMemoryError("of the test"));
  }

  /** Connections that are silent are given up by one of them, so none may end. */
  @ParameterizedTest
  @MethodSource("failures")
  void repeat_goesOnAfterAFailure(Throwable failure) throws Exception {
    CountDownLatch runs = new CountDownLatch(3);
    try (Housekeeping housekeeping = new Housekeeping()) {
      housekeeping.schedule(
          Duration.ofMillis(1),
          () -> {
            runs.countDown();
            HousekeepingTest.<RuntimeException>fail(failure);
          });
      assertTrue(runs.await(60, TimeUnit.SECONDS), "it is not run again");
    }
  }

  /** Whatever it is, without a checked exception's trouble. */
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void fail(Throwable failure) throws T {
    throw (T) failure;
  }
}
