package attolytics.recent;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
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

  private static final int UNAVAILABLE = 503;
  private static final int UNKNOWN = 504;

  /**
   * What is wrong at one time.
   *
   * @param part of the service
   * @param reason one of a few
   * @param cause the words of the database, without passwords, or null
   */
  public record Trouble(String part, String reason, @Nullable String cause) {}

  /** How many requests were answered with 503 and with 504. */
  private record Answers(long unavailable, long unknown) {
    static final Answers NONE = new Answers(0, 0);

    Answers plus(Answers other) {
      return new Answers(unavailable + other.unavailable, unknown + other.unknown);
    }
  }

  private static final class Entry {
    private final String part;
    private final Instant from;
    private final List<String> reasons = new ArrayList<>();
    private @Nullable String cause;
    private @Nullable Instant until;
    private Answers answers;
    private Answers afterwards = Answers.NONE;

    Entry(String part, Instant from, Answers answers) {
      this.part = part;
      this.from = from;
      this.answers = answers;
    }

    /** Whether the answer is one of the outage: it goes on, or the request began in it. */
    boolean add(Answers answer, Instant began) {
      if (until == null || began.isBefore(until)) {
        answers = answers.plus(answer);
        return true;
      }
      afterwards = afterwards.plus(answer);
      return false;
    }

    void endsAt(Instant when) {
      until = when;
    }

    void goesOn(Trouble trouble) {
      until = null;
      answers = answers.plus(afterwards);
      afterwards = Answers.NONE;
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
          part, from, until, reasons, cause, answers.unavailable(), answers.unknown());
    }
  }

  private final Deque<Entry> newestFirst = new ArrayDeque<>();
  private final InstantSource clock;

  /** Since the last look, and of no outage that is known. */
  private Answers unclaimed = Answers.NONE;

  public RecentOutages() {
    this(InstantSource.system());
  }

  RecentOutages(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * A request was answered.
   *
   * @param nanos from its first byte to the answer
   */
  public void answered(int status, long nanos) {
    if (status == UNAVAILABLE) {
      add(new Answers(1, 0), nanos);
    } else if (status == UNKNOWN) {
      add(new Answers(0, 1), nanos);
    }
  }

  private synchronized void add(Answers answer, long nanos) {
    Instant began = clock.instant().minusNanos(nanos);
    boolean claimed = false;
    for (Entry entry : newestFirst) {
      claimed |= entry.add(answer, began);
    }
    unclaimed = claimed ? unclaimed : unclaimed.plus(answer);
  }

  /**
   * Looks at the present state. Called periodically.
   *
   * @param troubles at most one of a part
   */
  public synchronized void update(List<Trouble> troubles, Instant when) {
    for (Entry entry : newestFirst) {
      if (entry.until == null) {
        entry.endsAt(when);
      }
    }
    troubles.forEach(trouble -> entry(trouble.part(), when).goesOn(trouble));
    unclaimed = Answers.NONE;
  }

  /** Adds an outage that was not noticed before it was over. */
  public synchronized void addPast(Trouble trouble, Instant from, Instant until) {
    Entry entry = entry(trouble.part(), from);
    entry.goesOn(trouble);
    entry.endsAt(until);
    unclaimed = Answers.NONE;
  }

  private Entry entry(String part, Instant when) {
    for (Entry entry : newestFirst) {
      if (entry.part.equals(part) && entry.canContinue(when)) {
        return entry;
      }
    }
    // With what was answered since the last look: it began before it was noticed.
    Entry entry = new Entry(part, when, unclaimed);
    if (newestFirst.size() < CAPACITY || removeOldest(when)) {
      newestFirst.addFirst(entry);
    }
    return entry;
  }

  /** Removes the oldest that is over; false if all of them go on. */
  private boolean removeOldest(Instant when) {
    Iterator<Entry> oldestFirst = newestFirst.descendingIterator();
    while (oldestFirst.hasNext()) {
      Instant until = oldestFirst.next().until;
      if (until != null && until.isBefore(when)) {
        oldestFirst.remove();
        return true;
      }
    }
    return false;
  }

  /** The outages that are remembered, those that began last first. */
  public synchronized List<Outage> newestFirst() {
    return newestFirst.stream().map(Entry::outage).toList();
  }
}
