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
 * Tells whether the threads of an HTTP port still serve: those that read and write, and the one
 * that accepts connections. Each is asked to run a task, again and again.
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
          asked = false; // the port is being closed
        }
      }
    }

    private void ran() {
      ranNanos = System.nanoTime();
      asked = false;
    }

    /** What is wrong with it, or null. */
    @Nullable String trouble(long longestNanos) {
      if (!thread.isAlive()) {
        return "the thread " + thread.getName() + " has ended";
      }
      long silence = System.nanoTime() - ranNanos;
      return silence < longestNanos
          ? null
          : "the thread " + thread.getName() + " is stuck for " + silence / 1_000_000_000 + " s";
    }
  }

  private final List<Watched> threads;

  IoThreads(List<XnioIoThread> threads) {
    this.threads = threads.stream().map(Watched::new).toList();
  }

  /** Those of a worker, which itself does not tell of the one that accepts. */
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

  /** How many they are. */
  public int count() {
    return threads.size();
  }

  /** Asks all of them to run a task. Every now and then, for {@link #trouble} to go by. */
  public void ask() {
    threads.forEach(Watched::ask);
  }

  /**
   * What is wrong with one of them, or null if nothing is. Any thread; does not wait.
   *
   * @param longestSilence that one may have reason for
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
