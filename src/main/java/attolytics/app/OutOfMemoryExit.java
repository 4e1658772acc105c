package attolytics.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Exits after an OutOfMemoryError, as {@code -XX:+ExitOnOutOfMemoryError} does, which a jar cannot
 * set by itself: it is unknown which threads the error has ended, and in which state. Detects an
 * error that ends a thread, and one that is caught and logged.
 */
public final class OutOfMemoryExit extends UnsynchronizedAppenderBase<ILoggingEvent>
    implements Thread.UncaughtExceptionHandler {
  /** Undertow logs to it, at DEBUG only, what it catches while it reads the head of a request. */
  private static final String REQUEST_IO = "io.undertow.request.io";

  private static final int EXIT_CODE = 1;

  // Allocated in advance, because later there may be no memory for it.
  private final byte[] line =
      ("error: the process exits because it is out of memory: raise -Xmx, or lower --max_buffer"
              + System.lineSeparator())
          .getBytes(StandardCharsets.US_ASCII);
  private final OutputStream err = new FileOutputStream(FileDescriptor.err);
  private final Thread.@Nullable UncaughtExceptionHandler others;
  private final IntConsumer halt;
  private final AtomicBoolean ending = new AtomicBoolean();

  /**
   * @param halt exits at once with the given code
   * @param others handles other uncaught exceptions, or null
   */
  OutOfMemoryExit(IntConsumer halt, Thread.@Nullable UncaughtExceptionHandler others) {
    this.halt = halt;
    this.others = others;
  }

  /** Monitors the threads and the log of this process from now on. */
  public static void install(LoggerContext context) {
    OutOfMemoryExit exit =
        new OutOfMemoryExit(
            Runtime.getRuntime()::halt, Thread.getDefaultUncaughtExceptionHandler());
    exit.watch(context);
    Thread.setDefaultUncaughtExceptionHandler(exit);
  }

  void watch(LoggerContext context) {
    setContext(context);
    start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.addAppender(this);
    Logger requestIo = context.getLogger(REQUEST_IO);
    Level threshold = requestIo.getEffectiveLevel();
    if (!requestIo.isDebugEnabled()) {
      requestIo.setLevel(Level.DEBUG);
      requestIo.setAdditive(false);
      requestIo.addAppender(new DebugFilter(root, threshold));
    }
  }

  @Override
  protected void append(ILoggingEvent event) {
    if (event.getThrowableProxy() instanceof ThrowableProxy proxy) {
      endIfOutOfMemory(proxy.getThrowable());
    }
  }

  @Override
  public void uncaughtException(Thread thread, Throwable thrown) {
    endIfOutOfMemory(thrown);
    if (others != null) {
      others.uncaughtException(thread, thrown);
    }
  }

  private void endIfOutOfMemory(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError) {
        end();
        return;
      }
    }
  }

  private void end() {
    if (!ending.compareAndSet(false, true)) {
      return; // another thread is ahead
    }
    try {
      err.write(line);
    } catch (IOException e) {
      // Standard error is closed.
    }
    halt.accept(EXIT_CODE);
  }

  /** Discards the events that are enabled only for this class. */
  private final class DebugFilter extends UnsynchronizedAppenderBase<ILoggingEvent> {
    private final Logger root;
    private final Level threshold;

    DebugFilter(Logger root, Level threshold) {
      this.root = root;
      this.threshold = threshold;
      setContext(root.getLoggerContext());
      start();
    }

    @Override
    protected void append(ILoggingEvent event) {
      OutOfMemoryExit.this.append(event);
      if (event.getLevel().isGreaterOrEqual(threshold)) {
        root.callAppenders(event);
      }
    }
  }
}
