package attolytics.recent;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The newest outages. One that begins soon after the last one of the same part continues it, so
 * that what fails now and then is one outage, and does not displace the others. Thread-safe.
 */
public final class RecentOutages {
  /** The number of outages. */
  static final int CAPACITY = 20;

  /** An outage that begins this long after another of its part is still the same. */
  static final Duration GAP = Duration.ofSeconds(10);

  private static final int MAX_REASONS = 5;

  /**
   * What is wrong at one time.
   *
   * @param part of the service
   * @param reason one of a few
   * @param cause the words of the database, without passwords, or null
   */
  public record Trouble(String part, String reason, @Nullable String cause) {}

  /** How many requests were answered with 503 and 504 since the start. */
  public record Answers(long unavailable, long unknown) {}

  private static final class Entry {
    private final String part;
    private final Instant from;
    private final Answers before;
    private final List<String> reasons = new ArrayList<>();
    private @Nullable String cause;
    private @Nullable Instant until;
    private Answers after;

    Entry(String part, Instant from, Answers before) {
      this.part = part;
      this.from = from;
      this.before = before;
      this.after = before;
    }

    void endsAt(Instant when, Answers answers) {
      until = when;
      after = answers;
    }

    void goesOn(Trouble trouble, Answers answers) {
      until = null;
      after = answers;
      if (!reasons.contains(trouble.reason()) && reasons.size() < MAX_REASONS) {
        reasons.add(trouble.reason());
      }
      cause = trouble.cause() == null ? cause : trouble.cause();
    }

    boolean canContinue(Instant when) {
      return until == null || Duration.between(until, when).compareTo(GAP) <= 0;
    }

    Outage outage() {
      return new Outage(
          part,
          from,
          until,
          reasons,
          cause,
          after.unavailable() - before.unavailable(),
          after.unknown() - before.unknown());
    }
  }

  private final Deque<Entry> newestFirst = new ArrayDeque<>();
  private Answers last = new Answers(0, 0);

  /**
   * Looks at the present state. Called periodically.
   *
   * @param troubles at most one of a part
   */
  public synchronized void update(List<Trouble> troubles, Answers answers, Instant when) {
    for (Entry entry : newestFirst) {
      if (entry.until == null) {
        entry.endsAt(when, answers);
      }
    }
    troubles.forEach(trouble -> entry(trouble.part(), when).goesOn(trouble, answers));
    last = answers;
  }

  private Entry entry(String part, Instant when) {
    for (Entry entry : newestFirst) {
      if (entry.part.equals(part) && entry.canContinue(when)) {
        return entry;
      }
    }
    // With what was answered since the last look: it began before it was noticed.
    Entry entry = new Entry(part, when, last);
    newestFirst.addFirst(entry);
    if (newestFirst.size() > CAPACITY) {
      newestFirst.removeLast();
    }
    return entry;
  }

  /** The outages that are remembered, those that began last first. */
  public synchronized List<Outage> newestFirst() {
    return newestFirst.stream().map(Entry::outage).toList();
  }
}
