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

/** Configures levels and format of the log by the command line. */
public final class Logging {
  /** Loggers whose INFO events do not concern an operator. */
  private static final String[] LIBRARIES = {"com.zaxxer.hikari", "io.undertow", "org.xnio"};

  /**
   * Loggers that warn of each failed attempt and broken connection, which the service logs itself.
   */
  private static final String[] CONNECTION_LOGGERS = {
    "org.postgresql", "com.zaxxer.hikari.pool.ProxyConnection"
  };

  /** Likewise, also as an ERROR if the connection breaks while it is tested. */
  private static final String CONNECTION_TEST = "com.zaxxer.hikari.pool.PoolBase";

  /** Logs all settings at DEBUG, with passwords of the driver. */
  private static final String POOL_SETTINGS = "com.zaxxer.hikari.HikariConfig";

  private Logging() {}

  /** Sets the levels of the loggers and the format of the log. */
  public static void configure(int verbosity, LogFormat format) {
    // Before the first class of Undertow is loaded, because JBoss Logging reads it once.
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
    Level libraries = verbosity < 0 ? Level.ERROR : all ? Level.DEBUG : Level.WARN;
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(root);
    context.getLogger("attolytics").setLevel(service);
    for (String name : LIBRARIES) {
      context.getLogger(name).setLevel(libraries);
    }
    context.getLogger(POOL_SETTINGS).setLevel(verbosity < 0 ? Level.ERROR : Level.WARN);
    for (String name : CONNECTION_LOGGERS) {
      context.getLogger(name).setLevel(verbosity <= 0 ? Level.ERROR : libraries);
    }
    context.getLogger(CONNECTION_TEST).setLevel(verbosity <= 0 ? Level.OFF : libraries);
    OutputStreamAppender<ILoggingEvent> appender = appender(context);
    if (appender != null) {
      if (all) {
        appender.clearAllFilters();
      }
      boolean stackTraces = verbosity > 0;
      appender.setEncoder(
          LogSetup.encoder(context, format, stackTraces, Journal.isStandardError()));
    }
  }

  /** Logs the repeats that have been counted so far, as the service or the process ends. */
  public static void end() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      OutputStreamAppender<ILoggingEvent> appender = appender(context);
      if (appender != null) {
        appender.getCopyOfAttachedFiltersList().forEach(Filter::stop);
      }
    }
  }

  /** The appender of {@link LogSetup}, or null if Logback was configured by a file. */
  private static @Nullable OutputStreamAppender<ILoggingEvent> appender(LoggerContext context) {
    return context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(LogSetup.APPENDER)
            instanceof OutputStreamAppender<ILoggingEvent> appender
        ? appender
        : null;
  }
}
