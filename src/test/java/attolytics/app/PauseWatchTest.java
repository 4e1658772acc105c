package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.metrics.PrometheusMetrics;
import attolytics.recent.Outage;
import attolytics.recent.RecentOutages;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class PauseWatchTest {
  private static final Duration PERIOD = Duration.ofSeconds(1);

  private final Logger logger = (Logger) LoggerFactory.getLogger(PauseWatch.class);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final PrometheusMetrics metrics =
      new PrometheusMetrics(List.of(), List.of(), Set.of(), Set.of());
  private final RecentOutages outages = new RecentOutages();
  private Instant now = Instant.parse("2030-01-02T03:04:05Z");
  private long nanos = 1;
  private int checks;
  private Duration checkTakes = Duration.ZERO;
  private final PauseWatch watch =
      new PauseWatch(PERIOD, this::check, () -> nanos, () -> now, metrics, outages);

  @BeforeEach
  void listen() {
    logged.start();
    logger.addAppender(logged);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(logged);
    metrics.close();
  }

  private void check() {
    checks++;
    pass(checkTakes);
  }

  private void pass(Duration time) {
    now = now.plus(time);
    nanos += time.toNanos();
  }

  private void runAfter(Duration time) {
    pass(time);
    watch.run();
  }

  private double pausedSeconds() {
    return metrics.registry().get("process.paused").functionCounter().count();
  }

  @Test
  void frozenProcess_isOneWarning_anOutageAndSecondsOfTheMetric() {
    runAfter(PERIOD);
    Instant frozen = now.plus(PERIOD);
    runAfter(PERIOD.plusSeconds(15));
    assertEquals(
        List.of(
            "[WARN] this process did not run for 15 s:"
                + " it was stopped, or its machine had no processor time for it"),
        logged.list.stream()
            .map(e -> "[" + e.getLevel() + "] " + e.getFormattedMessage())
            .toList());
    Outage outage = outages.newestFirst().get(0);
    assertEquals(List.of("this process did not run"), outage.reasons());
    assertEquals("it was stopped, or its machine had no processor time for it", outage.cause());
    assertEquals(frozen, outage.from());
    assertEquals(now, outage.until());
    assertEquals(15, pausedSeconds());
  }

  /** The JVM's clock, and with it the timers, stand still meanwhile. */
  @Test
  void suspendedMachine_isNoticedByTheClock() {
    runAfter(PERIOD);
    now = now.plusSeconds(3600);
    runAfter(PERIOD);
    assertEquals(
        "this process did not run for 3600 s: its machine was suspended, or the clock was set",
        logged.list.get(0).getFormattedMessage());
    assertEquals(3600, pausedSeconds());
  }

  @Test
  void garbageCollection_isNoPause_norIsAClockThatIsSetBack() {
    runAfter(PERIOD);
    runAfter(PERIOD.plus(PauseWatch.THRESHOLD).minusMillis(1));
    now = now.minusSeconds(3600);
    runAfter(PERIOD);
    assertEquals(List.of(), logged.list);
    assertEquals(List.of(), outages.newestFirst());
    assertEquals(3, checks);
  }

  /** It waits for the reader of the log, for instance. */
  @Test
  void checkThatTakesLong_isNoPause() {
    checkTakes = Duration.ofMinutes(1);
    runAfter(PERIOD);
    runAfter(PERIOD);
    assertEquals(List.of(), logged.list);
  }

  /** A query that was frozen is overdue then, though the database has answered it. */
  @Test
  void checks_waitUntilOthersHaveLookedAgain() {
    runAfter(Duration.ofMinutes(1));
    runAfter(PERIOD);
    assertEquals(0, checks);
    runAfter(PERIOD);
    assertEquals(1, checks);
    assertEquals(1, outages.newestFirst().size());
  }
}
