package attolytics.flush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LingerTest {
  private static final long FLUSH = TimeUnit.MICROSECONDS.toNanos(500);

  private final Linger linger = new Linger();

  /** Of so many requests during each flush. */
  private void observe(int requests) {
    for (int i = 0; i < 100; i++) {
      linger.observe(requests, FLUSH);
    }
  }

  private int skipped() {
    int skipped = 0;
    while (!linger.isWorthWhile()) {
      skipped++;
    }
    return skipped;
  }

  @Test
  void isNotWorthWhile_forClientsThatWaitForTheirAnswer() {
    assertFalse(linger.isWorthWhile());
    observe(0);
    assertFalse(linger.isWorthWhile());
  }

  @Test
  void isWorthWhile_forClientsThatKeepComing() {
    observe(1); // 2000 a second
    assertTrue(linger.isWorthWhile());
    long slice = linger.sliceNanos();
    assertTrue(slice >= 2 * FLUSH && slice < Linger.MAX_NANOS, "slice " + slice);
  }

  @Test
  void isNotWorthWhile_forTooFew() {
    for (int i = 0; i < 1000; i++) {
      linger.observe(i % 10 == 0 ? 1 : 0, FLUSH); // 200 a second
    }
    assertFalse(linger.isWorthWhile());
  }

  @Test
  void isTriedLessOften_theMoreItWasInVain_andAgainWhenItPaysOff() {
    observe(1);
    linger.wasInVain();
    assertEquals(1, skipped());
    linger.wasInVain();
    assertEquals(3, skipped());
    for (int i = 0; i < 10; i++) {
      linger.wasInVain();
    }
    assertEquals(64, skipped());
    linger.paidOff();
    assertEquals(0, skipped());
    linger.wasInVain();
    assertEquals(1, skipped());
  }
}
