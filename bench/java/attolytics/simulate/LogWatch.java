package attolytics.simulate;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Receives what the writers log, in place of the usual appenders: errors are findings, and the rest
 * is part of a trace, if that has words.
 */
final class LogWatch extends AppenderBase<ILoggingEvent> implements AutoCloseable {
  private final Logger logger = (Logger) LoggerFactory.getLogger("attolytics.flush");
  private final @Nullable Level level = logger.getLevel();
  private final boolean additive = logger.isAdditive();

  /**
   * Begins to read.
   *
   * @param from of what level on
   */
  void begin(Level from) {
    start();
    logger.setAdditive(false);
    logger.setLevel(from);
    logger.addAppender(this);
  }

  @Override
  protected void append(ILoggingEvent event) {
    if (Thread.currentThread() instanceof Crew.Hand hand) {
      World world = hand.world();
      Scheduler.Task task = hand.task();
      if (world != null && task != null && !task.isKilled()) {
        world.logged(event);
      }
    }
  }

  @Override
  public void close() {
    logger.detachAppender(this);
    logger.setLevel(level);
    logger.setAdditive(additive);
    stop();
  }
}
