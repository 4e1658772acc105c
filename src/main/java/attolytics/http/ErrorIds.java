package attolytics.http;

import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Names what goes wrong, so that an answer can be found in the log. The log tells the first of many
 * alike, so they share a name: all requests that fail for the same reason within a minute.
 * Thread-safe.
 */
final class ErrorIds {
  private record Episode(String id, long startNanos) {}

  private static final long EPISODE_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Map<Problem, Episode> episodes = new EnumMap<>(Problem.class);

  synchronized String of(Problem problem) {
    long now = System.nanoTime();
    Episode current = episodes.get(problem);
    if (current == null || now - current.startNanos > EPISODE_NANOS) {
      String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
      current = new Episode(id, now);
      episodes.put(problem, current);
    }
    return current.id();
  }
}
