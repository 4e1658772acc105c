package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.app.Readiness.Obstacle;
import attolytics.recent.Outage;
import attolytics.recent.RecentOutages;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OutageWatchTest {
  private final AtomicReference<@Nullable Obstacle> obstacle = new AtomicReference<>();
  private final RecentOutages outages = new RecentOutages();
  private Instant now = Instant.parse("2030-01-02T03:04:05Z");
  private final Readiness readiness = new Readiness(() -> now);
  private Set<String> held = Set.of();
  private final OutageWatch watch = new OutageWatch(readiness, () -> held, outages);

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
}
