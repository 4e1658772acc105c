package attolytics.recent;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.recent.RecentOutages.Answers;
import attolytics.recent.RecentOutages.Trouble;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecentOutagesTest {
  private static final Trouble AWAY = new Trouble("service", "away", "refused");
  private static final Trouble FULL = new Trouble("service", "full", null);
  private static final Trouble LOCKED = new Trouble("table t", "locked", null);

  private final RecentOutages outages = new RecentOutages();

  private static Instant second(long number) {
    return Instant.ofEpochSecond(number);
  }

  private void update(long second, long unavailable, long unknown, Trouble... troubles) {
    outages.update(List.of(troubles), new Answers(unavailable, unknown), second(second));
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
    update(1, 0, 0);
    update(2, 5, 0);
    assertEquals(List.of(), newestFirst());
  }

  @Test
  void outage_countsItsAnswers_alsoThoseBeforeItWasNoticed() {
    update(1, 100, 10);
    update(2, 103, 10, AWAY);
    assertEquals(List.of("service 2 to now: away, 3 and 0"), newestFirst());
    update(9, 120, 11, AWAY);
    assertEquals(List.of("service 2 to now: away, 20 and 1"), newestFirst());
    update(10, 121, 12);
    update(11, 200, 20);
    assertEquals(List.of("service 2 to 10: away, 21 and 2"), newestFirst());
  }

  @Test
  void outage_keepsAllItsReasons_andTheLastCause() {
    update(1, 0, 0, AWAY);
    update(2, 0, 0, FULL);
    update(3, 0, 0, AWAY);
    assertEquals(List.of("service 1 to now: away+full, 0 and 0"), newestFirst());
    assertEquals("refused", outages.newestFirst().get(0).cause());
  }

  @Test
  void outageSoonAfterAnother_continuesIt() {
    update(1, 0, 0, AWAY);
    update(2, 1, 0);
    update(2 + RecentOutages.GAP.toSeconds(), 2, 0, FULL);
    update(20, 3, 0);
    assertEquals(List.of("service 1 to 20: away+full, 3 and 0"), newestFirst());
    update(21 + RecentOutages.GAP.toSeconds(), 4, 0, AWAY);
    assertEquals(
        List.of("service 31 to now: away, 1 and 0", "service 1 to 20: away+full, 3 and 0"),
        newestFirst());
  }

  @Test
  void partsOfTheService_haveOutagesOfTheirOwn() {
    update(1, 0, 0, AWAY);
    update(2, 0, 0, AWAY, LOCKED);
    update(3, 0, 0, LOCKED);
    assertEquals(
        List.of("table t 2 to now: locked, 0 and 0", "service 1 to 3: away, 0 and 0"),
        newestFirst());
  }

  @Test
  void oldest_isForgotten() {
    for (long i = 0; i <= RecentOutages.CAPACITY; i++) {
      update(100 * i, 0, 0, AWAY);
      update(100 * i + 50, 0, 0);
    }
    assertEquals(RecentOutages.CAPACITY, newestFirst().size());
    assertEquals(second(100), outages.newestFirst().get(RecentOutages.CAPACITY - 1).from());
  }
}
