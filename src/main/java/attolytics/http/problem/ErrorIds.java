package attolytics.http.problem;

import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Assigns the ids by which an answer is found in the log. Only the first of many equal messages is
 * logged, so all requests that fail for the same reason within a minute share an id. Thread-safe.
 */
public final class ErrorIds {
  private record Period(String id, long startNanos) {}

  private static final long PERIOD_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final Map<Problem, Period> periods = new EnumMap<>(Problem.class);

  /** The id of a failure that happens now. */
  public synchronized String of(Problem problem) {
    long now = System.nanoTime();
    Period current = periods.get(problem);
    if (current == null || now - current.startNanos > PERIOD_NANOS) {
      String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
      current = new Period(id, now);
      periods.put(problem, current);
    }
    return current.id();
  }
}
