package attolytics.app;

import attolytics.flush.Writer;
import attolytics.http.server.IoThreads;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Whether all threads that requests depend on make progress; if not, the process is to be started
 * again. A writer that only waits for the database makes progress: it keeps trying. Any thread;
 * nothing here waits.
 */
final class Liveness {
  /** An IO thread does nothing that takes a second; the rest is for a machine that is busy. */
  private static final Duration LONGEST_IO_SILENCE = Duration.ofSeconds(30);

  private final List<Writer> writers;
  private final Duration longestSilence;
  private final List<IoThreads> ports = new CopyOnWriteArrayList<>();

  /**
   * @param longestSilence that a writer may have reason for
   */
  Liveness(List<Writer> writers, Duration longestSilence) {
    this.writers = writers;
    this.longestSilence = longestSilence;
  }

  /** Adds the threads of a port. */
  void watch(IoThreads threads) {
    ports.add(threads);
  }

  /** Has the threads that are watched show that they live. */
  void ask() {
    ports.forEach(IoThreads::ask);
  }

  /** What makes no progress, or null if everything does. */
  @Nullable String trouble() {
    for (int i = 0; i < writers.size(); i++) {
      Writer writer = writers.get(i);
      if (writer.failed()) {
        return "writer " + i + " has failed, see the log";
      }
      if (writer.silence().compareTo(longestSilence) >= 0) {
        return "writer " + i + " makes no progress";
      }
    }
    String trouble = null;
    for (int i = 0; trouble == null && i < ports.size(); i++) {
      trouble = ports.get(i).trouble(LONGEST_IO_SILENCE);
    }
    return trouble;
  }
}
