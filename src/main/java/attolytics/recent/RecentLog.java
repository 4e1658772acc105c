package attolytics.recent;

import attolytics.logging.EventKind;
import attolytics.logging.LogMarkers;
import attolytics.logging.TextLines;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest warnings and errors of the log, and the changes of state. Repeats are counted, but for
 * changes of state. Sees what the levels of the loggers let pass. Thread-safe.
 */
public final class RecentLog implements AutoCloseable {
  private static final int MAX_CHARS = 500;

  /** Without the arguments themselves, which may be large. */
  private record Kind(String logger, String text, String arguments) {
    static Kind of(EventKind kind) {
      return new Kind(kind.logger(), kind.text(), cut(kind.arguments().toString()));
    }
  }

  private final RecentKinds<LogLine> lines = new RecentKinds<>();
  private final Recorder recorder = new Recorder();

  /** Receives the events of all loggers. */
  private final class Recorder extends UnsynchronizedAppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      record(event);
    }
  }

  private RecentLog() {}

  /** Records what is logged from now on, until it is closed. */
  public static RecentLog start() {
    RecentLog log = new RecentLog();
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      log.recorder.setContext(context);
      log.recorder.start();
      context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(log.recorder);
    }
    return log;
  }

  private void record(ILoggingEvent event) {
    boolean isChange = LogMarkers.has(LogMarkers.STATE_CHANGE, event);
    boolean isWarning = event.getLevel().isGreaterOrEqual(Level.WARN);
    if (LogMarkers.has(LogMarkers.SUMMARY, event) || !(isChange || isWarning)) {
      return;
    }
    String name = event.getLoggerName();
    LogLine line =
        new LogLine(
            event.getLevel().toString(),
            name.substring(name.lastIndexOf('.') + 1),
            cut(TextLines.message(event)));
    Object kind = isChange ? new Object() : Kind.of(EventKind.of(event));
    lines.add(kind, kind, name, line, event.getInstant());
  }

  private static String cut(String text) {
    return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS - 1) + "…";
  }

  /** The lines that are remembered, the newest first. */
  public List<Repeated<LogLine>> newestFirst() {
    return lines.newestFirst();
  }

  @Override
  public void close() {
    if (recorder.getContext() instanceof LoggerContext context) {
      context.getLogger(Logger.ROOT_LOGGER_NAME).detachAppender(recorder);
      recorder.stop();
    }
  }
}
