package attolytics.recent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.logging.LogMarkers;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class RecentLogTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger("attolytics.test.Recent");
  private final RecentLog log = RecentLog.start();

  @BeforeEach
  void setLevel() {
    logger.setLevel(Level.DEBUG);
  }

  @AfterEach
  void close() {
    log.close();
    logger.setLevel(null);
  }

  private List<String> newestFirst() {
    return log.newestFirst().stream()
        .filter(line -> line.newest().logger().equals("Recent"))
        .map(line -> line.newest().level() + " " + line.newest().message() + " " + line.count())
        .toList();
  }

  @Test
  void warningsAndChangesOfState_areRemembered_withoutTheRest() {
    logger.info("started");
    logger.warn("slow");
    logger.error("broken");
    logger.atInfo().addMarker(LogMarkers.STATE_CHANGE).log("ready");
    logger.atWarn().addMarker(LogMarkers.SUMMARY).log("3 more until 12:03:04: slow");
    assertEquals(List.of("INFO ready 1", "ERROR broken 1", "WARN slow 1"), newestFirst());
  }

  @Test
  void repeats_areCounted_butNotChangesOfState() {
    for (int i = 0; i < 3; i++) {
      logger.warn("app {}: refused after {} ms", "a", i);
      logger.atWarn().addMarker(LogMarkers.STATE_CHANGE).log("not ready");
    }
    assertEquals(
        List.of(
            "WARN not ready 1",
            "WARN app a: refused after 2 ms 3",
            "WARN not ready 1",
            "WARN not ready 1"),
        newestFirst());
  }

  @Test
  void loggerThatFloods_displacesItsOwnLines() {
    logger.warn("rare");
    Logger loud = (Logger) LoggerFactory.getLogger("attolytics.test.Loud");
    for (int i = 0; i < 1_000; i++) {
      loud.warn("line " + i);
    }
    assertEquals(List.of("WARN rare 1"), newestFirst());
    assertEquals(RecentKinds.CAPACITY, log.newestFirst().size());
  }

  @Test
  void passwordsAndLineBreaks_areRemoved_andLongLinesCut() {
    logger.warn("no connection to postgres://u:secret@h/d\nand more", new Exception("hunter2"));
    String message = newestFirst().get(0);
    assertTrue(message.startsWith("WARN no connection to postgres://***@h/d and more ("), message);
    assertTrue(!message.contains("hunter2"), message);
    logger.warn("x".repeat(1_000));
    assertEquals(500, log.newestFirst().get(0).newest().message().length());
  }

  @Test
  void close_endsTheRecording() {
    log.close();
    logger.warn("later");
    assertEquals(List.of(), newestFirst());
  }
}
