package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.joran.spi.JoranException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoggingTest {
  private static final String TIME =
      "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d)";

  // Of its own, as the tests themselves log by another file.
  private final LoggerContext context = new LoggerContext();

  @BeforeEach
  void read() throws JoranException {
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(
        Objects.requireNonNull(Logging.class.getClassLoader().getResource("logback.xml")));
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  @ParameterizedTest
  @CsvSource({
    "-1, ERROR, ERROR, ERROR, ERROR",
    "0, INFO, INFO, WARN, ERROR",
    "1, DEBUG, INFO, WARN, WARN",
    "2, TRACE, DEBUG, DEBUG, DEBUG"
  })
  void configure_setsTheLevels(
      int verbosity, String service, String others, String server, String driver) {
    Logging.configure(context, verbosity);
    assertEquals(Level.valueOf(service), level("attolytics.app.Main"));
    assertEquals(Level.valueOf(others), level("com.example"));
    assertEquals(Level.valueOf(server), level("org.xnio.nio"));
    assertEquals(Level.valueOf(server), level("com.zaxxer.hikari.pool.HikariPool"));
    assertEquals(Level.valueOf(driver), level("org.postgresql.Driver"));
    assertFalse(
        context.getLogger("com.zaxxer.hikari.HikariConfig").isDebugEnabled(), "sslpassword");
  }

  @Test
  void line_hasTimeLevelNameAndMessage() {
    Logging.configure(context, 0);
    assertEquals("<time> WARN  Main: a message\n", line("a message", new IllegalStateException()));
  }

  @Test
  void line_hidesPasswords() {
    Logging.configure(context, 0);
    assertEquals(
        "<time> WARN  Main: no postgres://***@h/d\n", line("no postgres://u:s3cr3t@h/d", null));
  }

  @Test
  void line_underVerboseHasTheStackTraceWithoutPasswords() {
    Logging.configure(context, 1);
    List<String> lines =
        line("a message", new IllegalStateException("no postgres://u:s3cr3t@h/d")).lines().toList();
    assertEquals("<time> WARN  Main: a message", lines.get(0));
    assertEquals("java.lang.IllegalStateException: no postgres://***@h/d", lines.get(1));
    assertTrue(lines.get(2).startsWith("\tat attolytics.app.LoggingTest."), lines.get(2));
  }

  private String line(String message, @Nullable Throwable thrown) {
    Logger logger = context.getLogger("attolytics.app.Main");
    LoggingEvent event = new LoggingEvent("", logger, Level.WARN, message, thrown, null);
    ConsoleAppender<ILoggingEvent> appender =
        (ConsoleAppender<ILoggingEvent>)
            context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("STDERR");
    LayoutWrappingEncoder<ILoggingEvent> encoder =
        (LayoutWrappingEncoder<ILoggingEvent>) appender.getEncoder();
    return encoder.getLayout().doLayout(event).replaceFirst("^" + TIME, "<time>");
  }

  private Level level(String logger) {
    return context.getLogger(logger).getEffectiveLevel();
  }
}
