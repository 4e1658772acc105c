package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import attolytics.logging.LogMarkers;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ReadinessTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(Readiness.class);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final Readiness readiness = new Readiness();
  private final AtomicReference<@Nullable String> obstacle = new AtomicReference<>();

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
    for (@Nullable String now :
        new @Nullable String[] {null, "away", "away", null, null, "away", "full", null}) {
      obstacle.set(now);
      readiness.logChange();
    }
    assertEquals(
        List.of(
            "WARN not ready: away",
            "INFO ready",
            "WARN not ready: away",
            "WARN not ready: full",
            "INFO ready"),
        logged.list.stream().map(e -> e.getLevel() + " " + e.getFormattedMessage()).toList());
    for (ILoggingEvent event : logged.list) {
      assertEquals(List.of(LogMarkers.STATE_CHANGE), event.getMarkerList());
    }
  }

  @Test
  void logChange_leavesStartAndStopToTheirOwnLines() {
    readiness.logChange();
    readiness.setReady();
    readiness.logChange();
    readiness.setNotReady("draining");
    readiness.logChange();
    assertEquals(List.of(), logged.list);
  }
}
