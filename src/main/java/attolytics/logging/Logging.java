package attolytics.logging;

import attolytics.settings.LogFormat;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.filter.Filter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Fits the log to what the command line asks for. */
public final class Logging {
  /** Those that tell at INFO what is nothing to the one who runs the service. */
  private static final String[] CHATTY = {"com.zaxxer.hikari", "io.undertow", "org.xnio"};

  /**
   * They warn of each failed attempt and broken connection, which the service tells once itself.
   */
  private static final String[] ANXIOUS = {
    "org.postgresql", "com.zaxxer.hikari.pool.PoolBase", "com.zaxxer.hikari.pool.ProxyConnection"
  };

  /** It tells all settings at DEBUG, and hides only one of the driver's passwords. */
  private static final String POOL_SETTINGS = "com.zaxxer.hikari.HikariConfig";

  private Logging() {}

  /** /** Sets the levels of the loggers and the format of the lines. */
  public static void configure(int verbosity, LogFormat format) {
    // Before the first class of Undertow: JBoss Logging looks once.
    System.setProperty("org.jboss.logging.provider", "slf4j");
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      configure(context, verbosity, format);
    }
  }

  public static void configure(LoggerContext context, int verbosity, LogFormat format) {
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
    OutputStreamAppender<ILoggingEvent> appender = appender(context);
    if (appender != null) {
      if (all) {
        appender.clearAllFilters();
      }
      boolean stackTraces = verbosity > 0;
      appender.setEncoder(
          LogSetup.started(
              format == LogFormat.JSON ? new JsonLines(stackTraces) : new TextLines(stackTraces),
              context));
    }
  }

  /** Tells what is still counted. */
  public static void end() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      OutputStreamAppender<ILoggingEvent> appender = appender(context);
      if (appender != null) {
        appender.getCopyOfAttachedFiltersList().forEach(Filter::stop);
      }
    }
  }

  /** That of {@link LogSetup}, or null if somebody else has set the log up. */
  private static @Nullable OutputStreamAppender<ILoggingEvent> appender(LoggerContext context) {
    return context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(LogSetup.APPENDER)
            instanceof OutputStreamAppender<ILoggingEvent> appender
        ? appender
        : null;
  }
}
