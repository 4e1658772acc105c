package attolytics.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class UnknownVariablesTest extends CommandFixture {
  private final Logger logger = (Logger) LoggerFactory.getLogger(AttolyticsCommand.class);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  @BeforeEach
  void listen() {
    logged.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(logged);
  }

  @AfterEach
  void stopListening() {
    logger.setLevel(null);
    logger.detachAppender(logged);
  }

  private List<String> warnings(Map<String, String> environment, String... args) {
    logged.list.clear();
    run(environment, settings -> 0, args);
    return logged.list.stream().map(event -> event.getLevel() + " " + event).toList();
  }

  @Test
  void unknownVariable_isWarnedOf_byEachCommand() {
    Map<String, String> environment =
        Map.of(
            "ATTOLYTICS_ACK_TIMOUT", "5s", "ATTOLYTICS_SECRET", "of an app", "ATTOLYTICSX", "any");
    List<String> expected =
        List.of(
            "WARN [WARN] the environment variable ATTOLYTICS_ACK_TIMOUT sets no option; did"
                + " you mean ATTOLYTICS_ACK_TIMEOUT?",
            "WARN [WARN] the environment variable ATTOLYTICS_SECRET sets no option");
    assertEquals(expected, warnings(environment));
    assertEquals(expected, warnings(environment, "check"));
    assertEquals(expected, warnings(environment, "migrate"));
    assertEquals(expected, warnings(environment, "replay"));
  }

  @Test
  void variablesOfOptions_andOthersThatHaveAMeaning_areNot() {
    assertEquals(
        List.of(),
        warnings(
            Map.ofEntries(
                Map.entry("ATTOLYTICS_DB_URL", "postgres://h/d"),
                Map.entry("ATTOLYTICS_PORT", "1"),
                Map.entry("ATTOLYTICS_MIGRATE", "1"),
                Map.entry("ATTOLYTICS_VERBOSE", "1"),
                Map.entry("ATTOLYTICS_JAR", "a.jar"),
                Map.entry("ATTOLYTICS_SERVICE_HOST", "10.0.0.1"),
                Map.entry("ATTOLYTICS_SERVICE_PORT", "8000"),
                Map.entry("ATTOLYTICS_SERVICE_PORT_HTTP", "8000"),
                Map.entry("ATTOLYTICS_PORT_8000_TCP", "tcp://10.0.0.1:8000"),
                Map.entry("ATTOLYTICS_PORT_8000_TCP_ADDR", "10.0.0.1"),
                Map.entry("ATTOLYTICS_POSTGRES_SERVICE_HOST", "10.0.0.2"),
                Map.entry("ATTOLYTICS_POSTGRES_PORT", "tcp://10.0.0.2:5432"))));
  }
}
