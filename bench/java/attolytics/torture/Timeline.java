package attolytics.torture;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * What was broken when, as far as it excuses an answer. Times are those of {@link
 * System#nanoTime()}. Thread-safe.
 */
final class Timeline {
  /** What a fault excuses. */
  enum Effect {
    /** The instance was gone without a word: broken connections. */
    KILLED(100),
    /** The instance was told to stop: no answer to what was sent later. */
    STOPPING(100),
    /** The instance is not there: no connections. */
    DOWN(100),
    /** The instance does not run: answers come later by that long, bodies may be too slow. */
    FROZEN(3_000),
    /** The database is away, or answers late: 503, 504. */
    DATABASE_AWAY(3_000),
    /** The server has crashed, and may not know of the last transactions: 504. */
    CRASHED(3_000),
    /** The table takes no rows: 500 to who writes to it. */
    TABLE_BROKEN(3_000),
    /** The table is locked: 503 to who writes to it. */
    TABLE_LOCKED(3_000),
    /** More comes than the buffer holds: 503. */
    FLOODED(5_000),
    /** A row takes as long as a statement may: answers are late. */
    SLOWED(3_000),
    /** No more events may go to quarantine: 400 to requests that have some for it. */
    QUARANTINE_FULL(12_000);

    /** How long it may be felt after its end: the service waits before it tries again. */
    private final long echoNanos;

    Effect(long echoMillis) {
      this.echoNanos = TimeUnit.MILLISECONDS.toNanos(echoMillis);
    }
  }

  /** Every instance. */
  static final int ALL = -1;

  /** An effect from its start to its end, which {@link #close} sets. */
  static final class Window implements AutoCloseable {
    private final Effect effect;
    private final int instance;
    private final int tables;
    private final long from;
    private volatile long to = Long.MAX_VALUE;

    private Window(Effect effect, int instance, int tables, long from) {
      this.effect = effect;
      this.instance = instance;
      this.tables = tables;
      this.from = from;
    }

    @Override
    public void close() {
      to = System.nanoTime();
    }

    private long echoEnds() {
      long end = to;
      return end == Long.MAX_VALUE ? end : end + effect.echoNanos;
    }

    private boolean concerns(Effect effect, int instance) {
      return this.effect == effect
          && (this.instance == ALL || instance == ALL || this.instance == instance);
    }
  }

  private final long start = System.nanoTime();
  private final List<Window> windows = new CopyOnWriteArrayList<>();

  /**
   * Begins now.
   *
   * @param instance or {@link #ALL}
   */
  Window open(Effect effect, int instance) {
    return open(effect, instance, 0);
  }

  /** Begins now, for all instances, and the set of tables. */
  Window openForTables(Effect effect, int tables) {
    return open(effect, ALL, tables);
  }

  /** Adds one that is over. */
  void add(Effect effect, int instance, long from, long to) {
    Window window = new Window(effect, instance, 0, from);
    window.to = to;
    windows.add(window);
  }

  private Window open(Effect effect, int instance, int tables) {
    Window window = new Window(effect, instance, tables, System.nanoTime());
    windows.add(window);
    return window;
  }

  /** A time for people: since the start. */
  String at(long nanos) {
    return String.format(Locale.ROOT, "%+.3f s", (nanos - start) / 1e9);
  }

  /** Whether the instance felt the effect at any time between. */
  boolean felt(Effect effect, int instance, long from, long to) {
    for (Window window : windows) {
      if (window.concerns(effect, instance) && overlaps(window, from, to)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether the instance felt the effect at any time between, if it notices the end of it only in
   * the time without some others.
   */
  boolean felt(Effect effect, Set<Effect> others, int instance, int tables, long from, long to) {
    for (Window window : windows) {
      if (window.concerns(effect, instance)
          && window.from <= to
          && (overlaps(window, from, to)
              || without(others, instance, tables, window.to, from) <= effect.echoNanos)) {
        return true;
      }
    }
    return false;
  }

  /** Whether one of the tables felt the effect at any time between. */
  boolean feltByTables(Effect effect, int tables, long from, long to) {
    for (Window window : windows) {
      if (window.effect == effect && (window.tables & tables) != 0 && overlaps(window, from, to)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the effect began before the first time, and was still there. */
  boolean began(Effect effect, int instance, long before, long to) {
    for (Window window : windows) {
      if (window.concerns(effect, instance)
          && window.from <= before
          && overlaps(window, before, to)) {
        return true;
      }
    }
    return false;
  }

  /**
   * For how many nanoseconds between neither the instance nor any of the tables felt one of the
   * effects.
   */
  long without(Set<Effect> effects, int instance, int tables, long from, long to) {
    List<Window> felt = new ArrayList<>();
    for (Window window : windows) {
      if (effects.contains(window.effect)
          && overlaps(window, from, to)
          && (window.tables == 0
              ? window.concerns(window.effect, instance)
              : (window.tables & tables) != 0)) {
        felt.add(window);
      }
    }
    felt.sort(Comparator.comparingLong(window -> window.from - from));
    long without = 0;
    long covered = from;
    for (Window window : felt) {
      without += Math.max(0, window.from - covered);
      covered = Math.max(covered, window.echoEnds());
    }
    return without + Math.max(0, to - covered);
  }

  /** For how many nanoseconds between the instance felt the effect; windows may not overlap. */
  long duration(Effect effect, int instance, long from, long to) {
    long sum = 0;
    for (Window window : windows) {
      if (window.concerns(effect, instance)) {
        sum += Math.max(0, Math.min(to, window.to) - Math.max(from, window.from));
      }
    }
    return sum;
  }

  private static boolean overlaps(Window window, long from, long to) {
    return window.from <= to && from <= window.echoEnds();
  }
}
