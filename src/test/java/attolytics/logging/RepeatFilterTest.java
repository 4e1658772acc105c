package attolytics.logging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class RepeatFilterTest {
  /** What came through. */
  private static final class Kept extends AppenderBase<ILoggingEvent> {
    final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();

    @Override
    protected void append(ILoggingEvent event) {
      events.add(event);
    }

    List<String> lines() {
      return events.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
  }

  private final LoggerContext context = new LoggerContext();
  private final Logger log = context.getLogger("a.logger");
  private final Kept kept = new Kept();
  private final RepeatFilter filter = new RepeatFilter();

  @BeforeEach
  void start() {
    filter.setContext(context);
    filter.start();
    kept.setContext(context);
    kept.addFilter(filter);
    kept.start();
    log.addAppender(kept);
    log.setLevel(Level.TRACE);
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  @Test
  void theFirstOfAKind_comesAtOnce_andTheOthersAreCounted() {
    for (int i = 0; i < 100; i++) {
      log.warn("{} takes no rows: {}", "table t", i);
    }
    assertEquals(List.of("table t takes no rows: 0"), kept.lines());
    filter.stop();
    assertEquals(2, kept.events.size());
    String summary = kept.lines().get(1);
    assertTrue(
        summary.matches("99 more until \\d\\d:\\d\\d:\\d\\d: table t takes no rows: 99"), summary);
    assertEquals(Level.WARN, kept.events.get(1).getLevel());
  }

  @Test
  void kinds_areToldApart_byLoggerAndTextAndAllArgumentsButTheLast() {
    log.warn("{}: {}", "t", 1);
    log.warn("{}: {}", "u", 1);
    log.warn("{} is {}", "t", 1);
    context.getLogger("a.logger.beneath").warn("{}: {}", "t", 1);
    log.info("created: {}", "a table");
    log.info("created: {}", "an index");
    log.info("the same");
    assertEquals(7, kept.events.size(), kept.lines()::toString);
    log.warn("{}: {}", "t", 2);
    log.info("created: {}", "an index");
    log.info("the same");
    assertEquals(7, kept.events.size(), kept.lines()::toString);
  }

  @Test
  void changesOfState_comeAtOnceEveryTime_andInOrder() {
    for (int i = 0; i < 3; i++) {
      log.atWarn().addMarker(LogMarkers.STATE_CHANGE).log("away: {}", "refused");
      log.warn("try again");
      log.atInfo().addMarker(LogMarkers.STATE_CHANGE).log("back");
    }
    assertEquals(
        List.of(
            "away: refused", "try again", "back", "away: refused", "back", "away: refused", "back"),
        kept.lines());
    filter.stop();
    assertEquals(8, kept.events.size(), kept.lines()::toString);
  }

  @Test
  void below_info_nothingIsHeldBack() {
    log.debug("a detail");
    log.debug("a detail");
    assertEquals(2, kept.events.size());
  }

  @Test
  void summary_comesByItselfAtTheEndOfThePeriod_withItsKeyValues_andANewPeriodBegins()
      throws InterruptedException {
    filter.setPeriod(Duration.ofMillis(1));
    log.atError().addKeyValue("error_id", "0123abcd").log("error {}: {}", "0123abcd", 1);
    log.atError().addKeyValue("error_id", "0123abcd").log("error {}: {}", "0123abcd", 2);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (kept.events.size() < 2) {
      assertTrue(System.nanoTime() < deadline, "waited without success");
      TimeUnit.MILLISECONDS.sleep(5);
    }
    ILoggingEvent summary = kept.events.get(1);
    assertTrue(
        summary.getFormattedMessage().matches("1 more until .*: error 0123abcd: 2"),
        summary::getFormattedMessage);
    assertEquals(Level.ERROR, summary.getLevel());
    assertEquals(
        List.of("error_id", "repeats", "last"),
        summary.getKeyValuePairs().stream().map((KeyValuePair pair) -> pair.key).toList());
    log.atError().log("error {}: {}", "0123abcd", 3);
    assertEquals("error 0123abcd: 3", kept.lines().get(2));
  }

  /** It is printed up to a minute later, when the trouble may be over. */
  @Test
  void summary_saysWhenTheLastOneWas() {
    Instant first = Instant.parse("2030-01-02T03:04:05Z");
    Instant last = first.plusSeconds(40);
    for (Instant at : List.of(first, first.plusSeconds(1), last)) {
      LoggingEvent event = new LoggingEvent("", log, Level.WARN, "slow", null, null);
      event.setInstant(at);
      log.callAppenders(event);
    }
    filter.stop();
    String time = LocalTime.ofInstant(last, ZoneId.systemDefault()).toString();
    assertEquals(List.of("slow", "2 more until " + time + ": slow"), kept.lines());
    assertEquals(last, kept.events.get(1).getKeyValuePairs().get(1).value);
  }

  @Test
  void manyKinds_areOneInTheEnd() {
    for (int i = 0; i < 5_000; i++) {
      log.warn("kind " + i);
    }
    assertEquals(1_001, kept.events.size());
  }
}
