package attolytics.http;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.xnio.XnioIoThread;

/** The contexts of those IO threads that have served a request. Thread-safe. */
final class IoThreadContexts {
  private static final long POLL_MILLIS = 20;

  private final IngestContext ingest;
  private final Map<XnioIoThread, IoThreadContext> byThread = new ConcurrentHashMap<>();

  IoThreadContexts(IngestContext ingest) {
    this.ingest = ingest;
  }

  /** The context of the IO thread that calls this. */
  IoThreadContext of(XnioIoThread thread) {
    IoThreadContext context = byThread.get(thread);
    if (context == null) {
      context = new IoThreadContext(thread, ingest);
      byThread.put(thread, context);
    }
    return context;
  }

  /**
   * Has every IO thread run a task, and waits until all have; those that start meanwhile need not.
   *
   * @param giveUp whether to wait no longer
   * @return whether all have run it
   */
  boolean runOnEach(Consumer<IoThreadContext> task, BooleanSupplier giveUp)
      throws InterruptedException {
    // A copy: an IO thread that starts now must not be counted in place of one that is busy.
    List<IoThreadContext> contexts = List.copyOf(byThread.values());
    CountDownLatch done = new CountDownLatch(contexts.size());
    for (IoThreadContext context : contexts) {
      context.execute(
          () -> {
            try {
              task.accept(context);
            } finally {
              done.countDown();
            }
          });
    }
    while (!done.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
      if (giveUp.getAsBoolean()) {
        return false;
      }
    }
    return true;
  }
}
