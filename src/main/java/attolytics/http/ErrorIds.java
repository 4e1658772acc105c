package attolytics.http;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Names what goes wrong, so that an answer can be found in the log. The log tells the first of many
 * alike, so they share a name: all requests that fail for the same reason within a minute.
 * Thread-safe.
 */
final class ErrorIds {
  private record Episode(String id, long startNanos) {}

  private static final long EPISODE_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final AtomicReferenceArray<@Nullable Episode> episodes =
      new AtomicReferenceArray<>(Problem.values().length);

  String of(Problem problem) {
    long now = System.nanoTime();
    Episode current = episodes.get(problem.ordinal());
    if (current == null || now - current.startNanos > EPISODE_NANOS) {
      String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
      Episode next = new Episode(id, now);
      Episode found = episodes.compareAndExchange(problem.ordinal(), current, next);
      return found == current || found == null ? id : found.id();
    }
    return current.id();
  }
}
