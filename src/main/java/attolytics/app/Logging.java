package attolytics.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.filter.Filter;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Fits the logging of {@code logback.xml} to what the command line asks for. */
final class Logging {
  /** Those that tell at INFO what is nothing to the one who runs the service. */
  private static final String[] CHATTY = {"com.zaxxer.hikari", "io.undertow", "org.xnio"};

  /** They warn of each failed attempt, which the service tells once itself. */
  private static final String[] ANXIOUS = {"org.postgresql", "com.zaxxer.hikari.pool.PoolBase"};

  /** It tells all settings at DEBUG, and hides only one of the driver's passwords. */
  private static final String POOL_SETTINGS = "com.zaxxer.hikari.HikariConfig";

  private Logging() {}

  /**
   * @param verbosity -1 errors only; 0 INFO; 1 DEBUG of the service, and stack traces; 2 everything
   */
  static void configure(int verbosity, LogFormat format) {
    // Before the first class of Undertow: JBoss Logging looks once.
    System.setProperty("org.jboss.logging.provider", "slf4j");
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      configure(context, verbosity, format);
    }
  }

  static void configure(LoggerContext context, int verbosity, LogFormat format) {
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
    for (String name : ANXIOUS) {
      context.getLogger(name).setLevel(verbosity <= 0 ? Level.ERROR : chatty);
    }
    for (OutputStreamAppender<ILoggingEvent> appender : appenders(context)) {
      if (all) {
        appender.clearAllFilters();
      }
      useEncoder(appender, verbosity > 0, format);
    }
  }

  /** Tells what is still counted. */
  static void end() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      appenders(context).forEach(each -> each.getCopyOfAttachedFiltersList().forEach(Filter::stop));
    }
  }

  private static List<OutputStreamAppender<ILoggingEvent>> appenders(LoggerContext context) {
    List<OutputStreamAppender<ILoggingEvent>> appenders = new ArrayList<>();
    Iterator<Appender<ILoggingEvent>> all =
        context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
    while (all.hasNext()) {
      if (all.next() instanceof OutputStreamAppender<ILoggingEvent> stream) {
        appenders.add(stream);
      }
    }
    return appenders;
  }

  private static void useEncoder(
      OutputStreamAppender<ILoggingEvent> appender, boolean stackTraces, LogFormat format) {
    if (format == LogFormat.JSON) {
      JsonLines json = new JsonLines(stackTraces);
      json.setContext(appender.getContext());
      json.start();
      appender.setEncoder(json);
    } else if (stackTraces && appender.getEncoder() instanceof PatternLayoutEncoder encoder) {
      encoder.stop();
      encoder.setPattern(appender.getContext().getProperty("PATTERN_WITH_STACK_TRACES"));
      encoder.start();
    }
  }
}
