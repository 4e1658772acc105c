package attolytics.app;

import attolytics.flush.Writer;
import attolytics.http.server.IoThreads;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Whether all threads that requests depend on make progress. If not, the process has to be
 * restarted. A writer that waits for the database makes progress, as it retries. Any thread; no
 * method blocks.
 */
final class Liveness {
  /** No task of an IO thread takes a second; the rest allows for an overloaded machine. */
  private static final Duration MAX_IO_SILENCE = Duration.ofSeconds(30);

  private final List<Writer> writers;
  private final Duration maxWriterSilence;
  private final List<IoThreads> ports = new CopyOnWriteArrayList<>();

  /**
   * @param maxWriterSilence longer than a writer ever waits
   */
  Liveness(List<Writer> writers, Duration maxWriterSilence) {
    this.writers = writers;
    this.maxWriterSilence = maxWriterSilence;
  }

  /** Adds the threads of a port. */
  void watch(IoThreads threads) {
    ports.add(threads);
  }

  /** Submits a task to each IO thread, whose run shows that the thread makes progress. */
  void ask() {
    ports.forEach(IoThreads::ask);
  }

  /** Which thread makes no progress, or null if all do. */
  @Nullable String problem() {
    for (int i = 0; i < writers.size(); i++) {
      Writer writer = writers.get(i);
      if (writer.failed()) {
        return "writer " + i + " has failed, see the log";
      }
      if (writer.silence().compareTo(maxWriterSilence) >= 0) {
        return "writer " + i + " makes no progress";
      }
    }
    String problem = null;
    for (int i = 0; problem == null && i < ports.size(); i++) {
      problem = ports.get(i).trouble(MAX_IO_SILENCE);
    }
    return problem;
  }
}
