package attolytics.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import java.util.Iterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Fits the logging of {@code logback.xml} to {@code -v} and {@code -q}. */
final class Logging {
  /** Those that tell at INFO what is nothing to the one who runs the service. */
  private static final String[] CHATTY = {"com.zaxxer.hikari", "io.undertow", "org.xnio"};

  /** It tells all settings at DEBUG, and hides only one of the driver's passwords. */
  private static final String POOL_SETTINGS = "com.zaxxer.hikari.HikariConfig";

  /** The driver warns of each failed attempt, which the service tells once itself. */
  private static final String DRIVER = "org.postgresql";

  private Logging() {}

  /**
   * @param verbosity -1 errors only; 0 INFO; 1 DEBUG of the service, and stack traces; 2 everything
   */
  static void configure(int verbosity) {
    // Before the first class of Undertow: JBoss Logging looks once.
    System.setProperty("org.jboss.logging.provider", "slf4j");
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      configure(context, verbosity);
    }
  }

  static void configure(LoggerContext context, int verbosity) {
    boolean all = verbosity >= 2;
    Level root = verbosity < 0 ? Level.ERROR : all ? Level.DEBUG : Level.INFO;
    Level service = all ? Level.TRACE : verbosity == 1 ? Level.DEBUG : root;
    Level chatty = verbosity < 0 ? Level.ERROR : all ? Level.DEBUG : Level.WARN;
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(root);
    context.getLogger("attolytics").setLevel(service);
    for (String name : CHATTY) {
      context.getLogger(name).setLevel(chatty);
    }
    context.getLogger(POOL_SETTINGS).setLevel(verbosity < 0 ? Level.ERROR : Level.WARN);
    context.getLogger(DRIVER).setLevel(verbosity <= 0 ? Level.ERROR : chatty);
    usePattern(context, verbosity > 0 ? "PATTERN_WITH_STACK_TRACES" : "PATTERN");
  }

  private static void usePattern(LoggerContext context, String property) {
    Iterator<Appender<ILoggingEvent>> appenders =
        context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
    while (appenders.hasNext()) {
      if (appenders.next() instanceof OutputStreamAppender<ILoggingEvent> stream
          && stream.getEncoder() instanceof PatternLayoutEncoder encoder) {
        encoder.stop();
        encoder.setPattern(context.getProperty(property));
        encoder.start();
      }
    }
  }
}
