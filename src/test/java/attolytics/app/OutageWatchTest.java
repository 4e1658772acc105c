package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.app.Readiness.Obstacle;
import attolytics.recent.Outage;
import attolytics.recent.RecentOutages;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class OutageWatchTest {
  private final AtomicReference<@Nullable Obstacle> obstacle = new AtomicReference<>();
  private final RecentOutages outages = new RecentOutages();
  private Instant now = Instant.parse("2030-01-02T03:04:05Z");
  private final Readiness readiness = new Readiness(() -> now);
  private Set<String> held = Set.of();
  private long committed;
  private final OutageWatch watch =
      new OutageWatch(readiness, () -> held, table -> committed, outages);

  @BeforeEach
  void start() {
    readiness.addCheck(obstacle::get);
    readiness.setReady();
  }

  private void look() {
    readiness.logChange();
    watch.run();
  }

  /** The machine may have no time for this between the look at the state and the next step. */
  @Test
  void outage_isWhatTheLogSays_thoughItIsOverMeanwhile() {
    obstacle.set(Obstacle.of("away"));
    readiness.logChange();
    obstacle.set(null);
    watch.run();
    Outage outage = outages.newestFirst().get(0);
    assertEquals(List.of("away"), outage.reasons());
    assertEquals(now, outage.from());
  }

  @Test
  void outage_beginsAndEndsWhenThatWasSeenFirst() {
    look();
    now = now.plusMillis(300);
    obstacle.set(Obstacle.of("away"));
    Instant from = readiness.since(); // a probe asks
    now = now.plusMillis(700);
    look();
    now = now.plusMillis(300);
    obstacle.set(null);
    Instant until = readiness.since();
    now = now.plusMillis(700);
    look();
    Outage outage = outages.newestFirst().get(0);
    assertEquals(from, outage.from());
    assertEquals(until, outage.until());
  }

  @Test
  void table_isAPartOfItsOwn() {
    held = Set.of("t");
    look();
    assertEquals("table t", outages.newestFirst().get(0).part());
  }

  @Test
  void endOfATablesTrouble_isLoggedOnce() {
    assertEquals(
        List.of(
            "Requests for table t are no longer deferred, after 10 s, since 2030-01-02T03:04:05Z",
            "Requests for table u are no longer deferred, after 15 s, since 2030-01-02T03:04:10Z"),
        logWhileTablesAreHeld(1));
    assertEquals(
        List.of("table u is locked, or accepts no rows at the moment"),
        outages.newestFirst().get(0).reasons());
  }

  /** The last request that waited has expired; the lock may last. */
  @Test
  void tableThatNoRequestWaitsForAnyMore_mayStillBeLocked() {
    String unknown = ", but no row was stored: it may still be locked, or accept no rows";
    assertEquals(
        List.of(
            "Requests for table t are no longer deferred, after 10 s, since 2030-01-02T03:04:05Z"
                + unknown,
            "Requests for table u are no longer deferred, after 15 s, since 2030-01-02T03:04:10Z"
                + unknown),
        logWhileTablesAreHeld(0));
    assertEquals(
        List.of(
            "table u is locked, or accepts no rows at the moment",
            "no row was stored before all that waited were answered: it may go on"),
        outages.newestFirst().get(0).reasons());
    assertEquals(now.minusSeconds(5), outages.newestFirst().get(0).until());
  }

  private List<String> logWhileTablesAreHeld(int rowsEachTime) {
    Logger logger = (Logger) LoggerFactory.getLogger(OutageWatch.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(logged);
    try {
      for (Set<String> tables :
          List.of(Set.of("t"), Set.of("t", "u"), Set.of("u"), Set.of("u"), Set.<String>of())) {
        held = tables;
        look();
        committed += rowsEachTime;
        now = now.plusSeconds(5);
      }
    } finally {
      logger.detachAppender(logged);
      logger.setLevel(null);
    }
    return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}
