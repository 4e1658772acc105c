package attolytics.recent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.recent.RecentOutages.Trouble;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecentOutagesTest {
  private static final Trouble AWAY = new Trouble("service", "away", "refused");
  private static final Trouble FULL = new Trouble("service", "full", null);
  private static final Trouble STOPPED = new Trouble("process", "stopped", null);
  private static final Trouble LOCKED = new Trouble("table t", "locked", null);

  private Instant now = second(0);
  private final RecentOutages outages = new RecentOutages(() -> now);

  private static Instant second(long number) {
    return Instant.ofEpochSecond(number);
  }

  private void update(long second, Trouble... troubles) {
    outages.update(List.of(troubles), second(second));
  }

  /** Requests that took no time. */
  private void answer(long second, int status, int requests) {
    now = second(second);
    for (int i = 0; i < requests; i++) {
      outages.answered(status, 0);
    }
  }

  private void answerRequestOf(long began, long second) {
    now = second(second);
    outages.answered(503, Duration.ofSeconds(second - began).toNanos());
  }

  private List<String> newestFirst() {
    return outages.newestFirst().stream().map(RecentOutagesTest::text).toList();
  }

  private static String text(Outage outage) {
    return "%s %s to %s: %s, %d and %d"
        .formatted(
            outage.part(),
            seconds(outage.from()),
            seconds(outage.until()),
            String.join("+", outage.reasons()),
            outage.unavailable(),
            outage.unknown());
  }

  private static String seconds(@Nullable Instant instant) {
    return instant == null ? "now" : String.valueOf(instant.getEpochSecond());
  }

  @Test
  void nothingWrong_isNoOutage() {
    update(1);
    answer(1, 503, 5);
    update(2);
    assertEquals(List.of(), newestFirst());
  }

  @Test
  void outage_countsItsAnswers_alsoThoseBeforeItWasNoticed() {
    answer(0, 503, 100);
    answer(0, 504, 10);
    update(1);
    answer(1, 503, 3);
    answer(1, 500, 1);
    answer(1, 200, 1);
    update(2, AWAY);
    assertEquals(List.of("service 2 to now: away, 3 and 0"), newestFirst());
    answer(3, 503, 17);
    answer(3, 504, 1);
    update(9, AWAY);
    assertEquals(List.of("service 2 to now: away, 20 and 1"), newestFirst());
    answer(9, 503, 1);
    answer(9, 504, 1);
    update(10);
    answer(10, 503, 80);
    update(11);
    assertEquals(List.of("service 2 to 10: away, 21 and 2"), newestFirst());
  }

  /** A request whose time is up when the outage ends gets its answer after the end. */
  @Test
  void outage_countsAnswersAfterItsEnd_toRequestsThatBeganInIt() {
    update(2, AWAY);
    answer(3, 503, 200);
    update(10);
    answerRequestOf(9, 10);
    update(11);
    answerRequestOf(5, 35);
    answerRequestOf(10, 35);
    update(36, AWAY);
    assertEquals(
        List.of("service 36 to now: away, 1 and 0", "service 2 to 10: away, 202 and 0"),
        newestFirst());
  }

  @Test
  void outageThatIsNoticedWhenItIsOver_countsAnswersAsOthersDo() {
    update(1);
    answerRequestOf(3, 20);
    outages.addPast(STOPPED, second(2), second(20));
    answerRequestOf(19, 21);
    answerRequestOf(20, 21);
    update(22);
    assertEquals(List.of("process 2 to 20: stopped, 2 and 0"), newestFirst());
    outages.addPast(STOPPED, second(25), second(30));
    assertEquals(List.of("process 2 to 30: stopped, 3 and 0"), newestFirst());
  }

  @Test
  void outage_keepsAllItsReasons_andTheLastCause() {
    update(1, AWAY);
    update(2, FULL);
    update(3, AWAY);
    assertEquals(List.of("service 1 to now: away+full, 0 and 0"), newestFirst());
    assertEquals("refused", outages.newestFirst().get(0).cause());
  }

  @Test
  void outageSoonAfterAnother_continuesIt() {
    update(1, AWAY);
    answer(1, 503, 1);
    update(2);
    answer(2, 503, 1);
    update(2 + RecentOutages.GAP.toSeconds(), FULL);
    answer(19, 503, 1);
    update(20);
    assertEquals(List.of("service 1 to 20: away+full, 3 and 0"), newestFirst());
    answer(30, 503, 1);
    update(21 + RecentOutages.GAP.toSeconds(), AWAY);
    assertEquals(
        List.of("service 31 to now: away, 1 and 0", "service 1 to 20: away+full, 3 and 0"),
        newestFirst());
  }

  @Test
  void partsOfTheService_haveOutagesOfTheirOwn() {
    update(1, AWAY);
    update(2, AWAY, LOCKED);
    update(3, LOCKED);
    assertEquals(
        List.of("table t 2 to now: locked, 0 and 0", "service 1 to 3: away, 0 and 0"),
        newestFirst());
  }

  @Test
  void oldest_isForgotten() {
    for (long i = 0; i <= RecentOutages.CAPACITY; i++) {
      update(100 * i, AWAY);
      update(100 * i + 50);
    }
    assertEquals(RecentOutages.CAPACITY, newestFirst().size());
    assertEquals(second(100), outages.newestFirst().get(RecentOutages.CAPACITY - 1).from());
  }

  @Test
  void outagesThatGoOn_areNotDisplacedByOthers() {
    Trouble[] locked =
        IntStream.range(0, RecentOutages.CAPACITY + 5)
            .mapToObj(i -> new Trouble("table " + i, "locked", null))
            .toArray(Trouble[]::new);
    update(1, AWAY);
    update(2);
    update(20, locked);
    update(21, locked);
    assertEquals(RecentOutages.CAPACITY, outages.newestFirst().size());
    assertTrue(outages.newestFirst().stream().allMatch(known -> known.from().equals(second(20))));
    assertFalse(newestFirst().toString().contains("service"));
    update(30);
    update(50, AWAY);
    assertEquals("service 50 to now: away, 0 and 0", newestFirst().get(0));
  }
}
