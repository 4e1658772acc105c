package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import attolytics.app.Readiness.Obstacle;
import attolytics.logging.LogMarkers;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ReadinessTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(Readiness.class);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private Instant now = Instant.parse("2030-01-02T03:04:05Z");
  private final Readiness readiness = new Readiness(() -> now);
  private final AtomicReference<@Nullable Obstacle> obstacle = new AtomicReference<>();

  @BeforeEach
  void listen() {
    logged.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(logged);
    readiness.addCheck(obstacle::get);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(logged);
    logger.setLevel(null);
  }

  @Test
  void logChange_logsEachChangeOnce() {
    readiness.setReady();
    for (@Nullable String reason :
        new @Nullable String[] {null, "away", "away", null, null, "away", "full", null}) {
      obstacle.set(Obstacle.of(reason));
      readiness.logChange();
      now = now.plusSeconds(10);
    }
    assertEquals(
        List.of(
            "WARN not ready: away, since 2030-01-02T03:04:15Z",
            "INFO ready again after 20 s",
            "WARN not ready: away, since 2030-01-02T03:04:55Z",
            "WARN not ready: full, since 2030-01-02T03:04:55Z",
            "INFO ready again after 20 s"),
        lines());
    for (ILoggingEvent event : logged.list) {
      assertEquals(List.of(LogMarkers.STATE_CHANGE), event.getMarkerList());
    }
  }

  private List<String> lines() {
    return logged.list.stream().map(e -> e.getLevel() + " " + e.getFormattedMessage()).toList();
  }

  @Test
  void cause_isLoggedWithItsReason_andIsNoChangeWithoutAnother() {
    readiness.setReady();
    obstacle.set(new Obstacle("away", "at postgres://u:secret@h/d: Connection refused"));
    readiness.logChange();
    obstacle.set(new Obstacle("away", "starting up"));
    readiness.logChange();
    assertEquals(
        List.of(
            "WARN not ready: away (at postgres://***@h/d: Connection refused),"
                + " since 2030-01-02T03:04:05Z"),
        lines());
    assertEquals("away (starting up)", Objects.requireNonNull(readiness.notReady()).text());
  }

  @Test
  void since_isWhenTheServiceStoppedBeingReady_forWhateverReason() {
    readiness.setReady();
    now = now.plusSeconds(10);
    obstacle.set(Obstacle.of("away"));
    assertSince(now); // not looked at yet
    Instant away = now;
    now = now.plusMillis(900);
    assertSince(away);
    readiness.logChange();
    assertEquals(List.of("WARN not ready: away, since " + away), lines());
    assertEquals(away, readiness.lastSeen().at());
    now = now.plusSeconds(10);
    obstacle.set(Obstacle.of("full"));
    readiness.logChange();
    assertSince(away);
    readiness.setNotReady("draining", null);
    assertSince(away);
  }

  @Test
  void since_ofAChangeThatDidNotLast_isForgotten() {
    readiness.setReady();
    Instant ready = now;
    obstacle.set(Obstacle.of("away"));
    assertSince(now);
    now = now.plusMillis(100);
    obstacle.set(null);
    readiness.logChange();
    now = now.plusSeconds(1);
    assertEquals(ready, readiness.since());
    obstacle.set(Obstacle.of("away"));
    assertSince(now);
  }

  @Test
  void lastSeen_isWhatWasLogged_notWhatIsTrueMeanwhile() {
    readiness.setReady();
    readiness.logChange();
    obstacle.set(Obstacle.of("away"));
    assertNull(readiness.lastSeen().unready());
    readiness.logChange();
    Instant away = now;
    now = now.plusMillis(400);
    obstacle.set(null);
    assertNull(readiness.notReady());
    assertEquals("away", Objects.requireNonNull(readiness.lastSeen().unready()).reason());
    assertEquals(away, readiness.lastSeen().at());
    Instant back = readiness.since();
    now = now.plusMillis(600);
    readiness.logChange();
    assertEquals(new Readiness.Seen(null, back), readiness.lastSeen());
    now = now.plusSeconds(1);
    readiness.logChange();
    assertEquals(new Readiness.Seen(null, now), readiness.lastSeen());
  }

  private void assertSince(Instant since) {
    assertEquals(since, readiness.since());
    assertEquals(since, Objects.requireNonNull(readiness.notReady()).since());
  }

  @Test
  void logChange_leavesStartAndStopToTheirOwnLines() {
    readiness.logChange();
    readiness.setReady();
    readiness.logChange();
    readiness.setNotReady("draining", null);
    readiness.logChange();
    assertEquals(List.of(), logged.list);
  }
}
