package attolytics.logging;

import attolytics.settings.LogFormat;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.jul.LevelChangePropagator;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;
import org.slf4j.Logger;

/**
 * Configures Logback when it starts, unless there is a configuration file. In code, because a file
 * would take ten times as long, which delays the start.
 */
public final class LogSetup extends ContextAwareBase implements Configurator {
  /** The appender's name. */
  static final String APPENDER = "log";

  private static final String FILE_PROPERTY = "logback.configurationFile";
  private static final String TEST_FILE = "logback-test.xml";

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    if (System.getProperty(FILE_PROPERTY) != null
        || LogSetup.class.getClassLoader().getResource(TEST_FILE) != null) {
      return ExecutionStatus.INVOKE_NEXT_IF_ANY;
    }
    setUp(context);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  static void setUp(LoggerContext context) {
    // Keeps Logback's own messages off standard output.
    context.getStatusManager().add(new NopStatusListener());
    // Applies the levels to java.util.logging, so that disabled events of the driver cost nothing.
    LevelChangePropagator propagator = new LevelChangePropagator();
    propagator.setContext(context);
    propagator.start();
    context.addListener(propagator);

    RepeatFilter filter = new RepeatFilter();
    filter.setContext(context);
    filter.start();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setName(APPENDER);
    appender.setTarget("System.err");
    appender.addFilter(filter);
    appender.setEncoder(encoder(context, LogFormat.TEXT, false, Journal.isStandardError()));
    appender.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(appender);
  }

  /**
   * Formats log events.
   *
   * @param journal whether the lines go to systemd's journal, which has their time
   */
  static Encoder<ILoggingEvent> encoder(
      LoggerContext context, LogFormat format, boolean stackTraces, boolean journal) {
    Encoder<ILoggingEvent> lines =
        started(
            format == LogFormat.JSON
                ? new JsonLines(stackTraces)
                : new TextLines(stackTraces, !journal),
            context);
    return journal ? started(new JournalLines(lines), context) : lines;
  }

  private static Encoder<ILoggingEvent> started(
      Encoder<ILoggingEvent> encoder, LoggerContext context) {
    encoder.setContext(context);
    encoder.start();
    return encoder;
  }
}
