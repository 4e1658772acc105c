package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FlushTimingTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);

  private final FlushTiming timing = new FlushTiming(0);
  private long now;
  private long delayed; // nanoseconds

  /**
   * Lets time pass.
   *
   * @param rates requests a second without and with waiting
   */
  private void pass(int seconds, int... rates) {
    delayed = 0;
    for (long end = now + seconds * SECOND; now < end; ) {
      boolean with = delays();
      long nanos = with ? 10 * MILLISECOND : MILLISECOND;
      int requests = (int) (rates[with ? 1 : 0] * nanos / SECOND);
      now += nanos;
      delayed += with ? nanos : 0;
      timing.flushed(requests, now);
    }
  }

  private boolean delays() {
    return timing.delayNanos(1, 0) > 0;
  }

  private double shareDelayed(int seconds, int... rates) {
    pass(seconds, rates);
    return (double) delayed / SECOND / seconds;
  }

  @Test
  void flushesAreDelayed_forClientsThatSendAtTheirOwnPace() {
    assertFalse(delays(), "it is tried first");
    pass(1, 2000, 2000);
    assertTrue(shareDelayed(60, 2000, 2000) > 0.9);
    long slice = timing.delayNanos(1, 0);
    assertEquals(2 * MILLISECOND, slice, "for 4 requests");
  }

  @Test
  void flushesAreNotDelayed_forClientsThatWaitForTheirAnswers() {
    pass(5, 20_000, 7_000);
    assertTrue(shareDelayed(60, 20_000, 7_000) < 0.1);
    assertTrue(delayed > 0, "it is tried now and then");
  }

  @Test
  void flushesAreNotDelayed_forTooFew() {
    for (int i = 0; i < 1000; i++) { // a flush as soon as one comes
      now += 5 * MILLISECOND;
      timing.flushed(1, now);
      assertFalse(delays());
    }
  }

  @Test
  void flushesAreNeverDelayed_forALoneClient() {
    for (int i = 0; i < 100_000; i++) {
      now += MILLISECOND / 2;
      timing.flushed(1, now);
      assertFalse(delays());
    }
  }

  @Test
  void aChangeOfClients_isFollowed() {
    pass(20, 2000, 2000);
    pass(10, 20_000, 7_000);
    assertTrue(shareDelayed(20, 20_000, 7_000) < 0.1);
    pass(10, 2000, 2000);
    assertTrue(shareDelayed(20, 2000, 2000) > 0.9);
  }

  @Test
  void aRisingRate_isNotTakenForAnEffectOfWaiting() {
    int rate = 2000;
    for (int second = 0; second < 20; second++, rate += 500) {
      pass(1, rate, rate / 2);
    }
    assertTrue(shareDelayed(20, rate, rate / 2) < 0.1);
  }
}
