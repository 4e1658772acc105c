package attolytics.bench.rig;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;

/**
 * What is closed at the end, in reverse order; also if the run is interrupted, so that no server is
 * left behind.
 */
public final class Resources implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private boolean closing;
  private boolean failedToClose;

  public Resources() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "close"));
  }

  /** Under the lock, so that an interruption cannot miss what is just being opened. */
  public synchronized <T extends AutoCloseable> T open(Callable<T> opening) throws Exception {
    if (closing) {
      throw new IOException("interrupted");
    }
    T resource = opening.call();
    open.push(resource);
    return resource;
  }

  /** Closes one of them already. */
  synchronized void close(AutoCloseable resource) throws Exception {
    if (open.remove(resource)) {
      resource.close();
    }
  }

  @Override
  public synchronized void close() {
    closing = true;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        failedToClose = true;
        System.err.println("error: " + e.getMessage());
      }
    }
  }

  /** Whether something could not be closed in order. */
  public synchronized boolean failedToClose() {
    return failedToClose;
  }
}
