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
 * Ends the process after an OutOfMemoryError, as {@code -XX:+ExitOnOutOfMemoryError} does, which a
 * jar cannot ask for by itself: whose threads have died of it, and what they left half done, nobody
 * knows. It is seen where it ends a thread, and in the log of whoever caught it.
 */
public final class OutOfMemoryExit extends UnsynchronizedAppenderBase<ILoggingEvent>
    implements Thread.UncaughtExceptionHandler {
  /** Where Undertow tells, at DEBUG only, of what came up while it read a request's head. */
  private static final String REQUEST_IO = "io.undertow.request.io";

  private static final int EXIT_CODE = 1;

  // Made before it is needed, when there may be no memory for it any more.
  private final byte[] line =
      ("error: the process ends, as it is out of memory: raise -Xmx, or lower --max_buffer"
              + System.lineSeparator())
          .getBytes(StandardCharsets.US_ASCII);
  private final OutputStream err = new FileOutputStream(FileDescriptor.err);
  private final Thread.@Nullable UncaughtExceptionHandler others;
  private final IntConsumer halt;
  private final AtomicBoolean ending = new AtomicBoolean();

  /**
   * @param halt ends the process with that exit code, at once
   * @param others takes what is no OutOfMemoryError, or null
   */
  OutOfMemoryExit(IntConsumer halt, Thread.@Nullable UncaughtExceptionHandler others) {
    this.halt = halt;
    this.others = others;
  }

  /** Watches the threads and the log of this process from now on. */
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
    Level told = requestIo.getEffectiveLevel();
    if (!requestIo.isDebugEnabled()) {
      requestIo.setLevel(Level.DEBUG);
      requestIo.setAdditive(false);
      requestIo.addAppender(new Sieve(root, told));
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
      return; // another thread has met it as well
    }
    try {
      err.write(line);
    } catch (IOException e) {
      // Then nobody reads it.
    }
    halt.accept(EXIT_CODE);
  }

  /** What is at DEBUG only for this goes no further. */
  private final class Sieve extends UnsynchronizedAppenderBase<ILoggingEvent> {
    private final Logger root;
    private final Level told;

    Sieve(Logger root, Level told) {
      this.root = root;
      this.told = told;
      setContext(root.getLoggerContext());
      start();
    }

    @Override
    protected void append(ILoggingEvent event) {
      OutOfMemoryExit.this.append(event);
      if (event.getLevel().isGreaterOrEqual(told)) {
        root.callAppenders(event);
      }
    }
  }
}
