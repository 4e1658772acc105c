package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlushTimingTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long MAX = FlushTiming.MAX_NANOS;

  private final FlushTiming timing = new FlushTiming(0);
  private long now;
  private long delayed; // nanoseconds
  private int period;

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

  /** With little, half a millisecond at a time, up to the 10 that a flush is delayed at most. */
  @Test
  void besideAnotherFlush_thereIsAWait_forFewRows() {
    long look = TimeUnit.MICROSECONDS.toNanos(500);
    assertEquals(look, FlushTiming.besideOthersNanos(249, 0));
    assertEquals(0, FlushTiming.besideOthersNanos(250, 0));
    assertEquals(200, FlushTiming.besideOthersNanos(1, MAX - 200));
    assertEquals(0, FlushTiming.besideOthersNanos(1, MAX));
    assertEquals(0, FlushTiming.besideOthersNanos(1, MAX + 1));
  }

  @Test
  void manyRequestsAtOnce_areWorthATransaction() {
    assertFalse(FlushTiming.isWorthWhile(31));
    assertTrue(FlushTiming.isWorthWhile(32));
  }

  @Test
  void delay_endsWithEnoughRows_orAfterItsTime() {
    pass(60, 2000, 2000);
    while (!delays()) {
      pass(1, 2000, 2000); // a trial of the other way
    }
    assertEquals(2 * MILLISECOND, timing.delayNanos(499, 0));
    assertEquals(0, timing.delayNanos(500, 0));
    assertEquals(0, timing.delayNanos(1, MAX));
    assertEquals(1, timing.delayNanos(1, MAX - 1));
  }

  @Test
  void delay_isAMillisecondAtLeast() {
    for (int i = 0; i < 10 || !delays(); i++) {
      pass(1, 50_000, 50_000);
    }
    assertEquals(MILLISECOND, timing.delayNanos(1, 0));
  }

  /**
   * Lets periods pass, each with so many requests in one flush.
   *
   * @return after which of them flushes are delayed, or not
   */
  private List<Integer> periods(int count, boolean delayed, int without, int with) {
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      now += FlushTiming.PERIOD_NANOS;
      timing.flushed(delays() ? with : without, now);
      period++;
      if (delays() == delayed) {
        found.add(period);
      }
    }
    return found;
  }

  @Test
  void trialsWithoutDelays_becomeRare_whileDelaysPay() {
    assertEquals(List.of(1, 5, 10, 19, 36, 69, 134, 263, 392), periods(400, false, 200, 200));
  }

  @Test
  void trialsWithDelays_becomeRare_whileDelaysDoNotPay() {
    assertEquals(List.of(2, 7, 16, 33, 66, 131), periods(140, true, 200, 70));
  }

  @Test
  void delays_areForFourRequestsInTheirTimeAtLeast() {
    assertEquals(List.of(), periods(20, true, 39, 39));
    assertEquals(List.of(21, 22, 23), periods(4, true, 40, 40));
  }

  @Test
  void oneTrialThatTurnsOutOtherwise_isNotEnough() {
    periods(30, false, 200, 200);
    assertEquals(List.of(36, 39, 40, 41, 43), periods(13, false, 200, 140));
  }

  @ParameterizedTest
  @CsvSource({"400, 134", "401, 101", "100, 134", "99, 101"})
  void twiceOrHalfTheTraffic_isTriedAtOnce(int requests, int nextTrial) {
    periods(100, false, 200, 200);
    assertEquals(List.of(nextTrial), periods(40, false, requests, requests));
  }
}
