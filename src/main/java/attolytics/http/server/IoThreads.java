package attolytics.http.server;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioIoThread;
import org.xnio.XnioWorker;

/**
 * Detects when a thread of an HTTP port has ended or is stuck: IO threads, and the one that accepts
 * connections. Each regularly gets a task to run.
 */
public final class IoThreads {
  private static final class Watched {
    private final XnioIoThread thread;
    private volatile long ranNanos = System.nanoTime();
    private volatile boolean asked;

    Watched(XnioIoThread thread) {
      this.thread = thread;
    }

    void ask() {
      if (!asked && thread.isAlive()) {
        asked = true;
        try {
          thread.execute(this::ran);
        } catch (RejectedExecutionException e) {
          asked = false; // the port is closing
        }
      }
    }

    private void ran() {
      ranNanos = System.nanoTime();
      asked = false;
    }

    /** What is wrong with the thread, or null. */
    @Nullable String trouble(long longestNanos) {
      if (!thread.isAlive()) {
        return "the thread " + thread.getName() + " has ended";
      }
      long silence = System.nanoTime() - ranNanos;
      return silence < longestNanos
          ? null
          : "the thread "
              + thread.getName()
              + " is stuck for "
              + longestNanos / 1_000_000_000
              + " s or more";
    }
  }

  private final List<Watched> threads;

  IoThreads(List<XnioIoThread> threads) {
    this.threads = threads.stream().map(Watched::new).toList();
  }

  /** All threads of a worker, which has no method that returns the accept thread. */
  static IoThreads of(XnioWorker worker) {
    ThreadGroup group = Objects.requireNonNull(worker.getIoThread(0).getThreadGroup());
    Thread[] all = new Thread[group.activeCount() + 64];
    int count = group.enumerate(all);
    return new IoThreads(
        Arrays.stream(all, 0, count)
            .filter(XnioIoThread.class::isInstance)
            .map(XnioIoThread.class::cast)
            .filter(thread -> thread.getWorker() == worker)
            .toList());
  }

  /** Number of threads. */
  public int count() {
    return threads.size();
  }

  /** Submits a task to each thread. To be called regularly; {@link #trouble} depends on it. */
  public void ask() {
    threads.forEach(Watched::ask);
  }

  /**
   * What is wrong with one of the threads, or null if nothing is. Any thread; does not block.
   *
   * @param longestSilence after which a thread that has not run its task is stuck
   */
  public @Nullable String trouble(Duration longestSilence) {
    long nanos = longestSilence.toNanos();
    return threads.stream()
        .map(watched -> watched.trouble(nanos))
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }
}
