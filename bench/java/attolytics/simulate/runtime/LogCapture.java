package attolytics.simulate.runtime;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Has what the tasks of all simulations log read by {@link Scheduler#setLogListener}, in place of
 * the usual appenders.
 */
public final class LogCapture extends AppenderBase<ILoggingEvent> implements AutoCloseable {
  private final Logger logger = (Logger) LoggerFactory.getLogger("attolytics.flush");
  private final @Nullable Level level = logger.getLevel();
  private final boolean additive = logger.isAdditive();

  /**
   * Begins to read.
   *
   * @param from of what level on
   */
  public void begin(Level from) {
    start();
    logger.setAdditive(false);
    logger.setLevel(from);
    logger.addAppender(this);
  }

  @Override
  protected void append(ILoggingEvent event) {
    Task task = ThreadPool.currentTask();
    if (task != null && !task.isKilled()) {
      task.scheduler().logged(event);
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
