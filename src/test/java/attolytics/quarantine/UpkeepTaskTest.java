package attolytics.quarantine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class UpkeepTaskTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(UpkeepTask.class);
  private final Level level = logger.getEffectiveLevel();
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  private long nanos = Long.MIN_VALUE;
  private long duration;
  private int runs;
  private @Nullable SQLException failure;
  private final UpkeepTask task =
      new UpkeepTask(
          "it fails", "it works again", Duration.ofSeconds(1), 4, () -> nanos, this::work);

  private void work() throws SQLException {
    runs++;
    nanos += duration;
    if (failure != null) {
      throw failure;
    }
  }

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    logger.addAppender(logged);
    logged.start();
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(logged);
    logger.setLevel(level);
  }

  private List<String> lines() {
    return logged.list.stream()
        .map(event -> event.getLevel() + " " + event.getFormattedMessage())
        .toList();
  }

  @Test
  void run_pausesForLonger_theLongerTheLastRunTook() {
    duration = 10;
    task.run();
    nanos += 39;
    task.run();
    assertEquals(1, runs, "too early");
    nanos += 1;
    duration = 1;
    task.run();
    nanos += 4;
    task.run();
    assertEquals(3, runs);
  }

  /** A statement that took too long has kept the server busy, and is not repeated at once. */
  @Test
  void run_pausesAfterAFailureToo() {
    failure = new SQLException("too slow", "57014");
    duration = 10;
    task.run();
    nanos += 39;
    task.run();
    assertEquals(1, runs);
  }

  @Test
  void run_logsOnceThatItFails_andThatItWorksAgain() {
    task.run();
    failure = new SQLException("too slow", "57014");
    task.run();
    task.run();
    failure = null;
    task.run();
    task.run();
    assertEquals(
        List.of(
            "WARN it fails, which is tried again and again: too slow, SQLSTATE 57014",
            "INFO it works again"),
        lines());
  }

  /** Readiness says that there is no database. */
  @Test
  void run_withoutAConnection_isNoFailureOfItsOwn() {
    failure = new SQLTransientConnectionException("no connection", new SQLException("refused"));
    task.run();
    assertEquals(List.of(), lines());
  }

  /** Readiness may say that all is well. */
  @Test
  void run_withoutAFreeConnection_isAFailure() {
    failure = new SQLTransientConnectionException("none is free");
    task.run();
    assertEquals(1, lines().size(), lines()::toString);
  }

  /** Those that there are may go on. */
  @Test
  void run_withOneConnectionTooMany_isAFailure() {
    failure =
        new SQLTransientConnectionException("no connection", new SQLException("too many", "53300"));
    task.run();
    assertEquals(1, lines().size(), lines()::toString);
  }

  /** As when a stop closes the connections. */
  @Test
  void run_interrupted_isNoFailure() {
    failure = new SQLException("closed");
    Thread.currentThread().interrupt();
    task.run();
    assertEquals(true, Thread.interrupted());
    assertEquals(List.of(), lines());
  }
}
