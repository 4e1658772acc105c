package attolytics.simulate.oracle;

import attolytics.simulate.workload.Attempt;
import java.util.ArrayList;
import java.util.List;

/** What was broken when, as far as it excuses an answer. */
public final class FaultHistory {
  /** What a fault excuses. */
  public enum Effect {
    /** The database is away, or answers late. */
    AWAY,
    /** The instance does not run. */
    FROZEN,
    /** A request is alone, and a row of it takes its time. */
    ALONE,
    /** The status of a transaction may be lost. */
    CRASHED,
    /** A table accepts no rows. */
    BROKEN,
    /** A table is locked. */
    LOCKED,
    /** Keys are held by another session. */
    HELD,
    /** The instance has been told to answer what is left. */
    ABANDONED,
    /** The instance has run out of memory. */
    OUT_OF_MEMORY
  }

  /** All instances, or all tables. */
  public static final int ALL = -1;

  /** An effect from its begin to its end. */
  public static final class Window {
    private final Effect effect;
    private final int instance;
    private final int tables;
    private final long from;
    private long to;

    private Window(Effect effect, int instance, int tables, long from, long to) {
      this.effect = effect;
      this.instance = instance;
      this.tables = tables;
      this.from = from;
      this.to = to;
    }

    public void end(long nanos) {
      to = nanos;
    }

    /** The same, if it does not end before. */
    public void endBy(long nanos) {
      to = Math.min(to, nanos);
    }

    /**
     * Whether the attempt felt it while it lasted, or a short while after its end.
     *
     * @param echoNanos how long that is
     */
    private boolean concerns(Attempt attempt, long echoNanos) {
      return (instance == ALL || instance == attempt.instance())
          && (tables == ALL || (tables & attempt.tables()) != 0)
          && from <= attempt.to()
          && (to == Long.MAX_VALUE || to + echoNanos >= attempt.from());
    }
  }

  private final List<Window> windows = new ArrayList<>();

  /**
   * Adds an effect.
   *
   * @param instance that feels it, or {@link #ALL}
   */
  public Window add(Effect effect, int instance, long from, long to) {
    return add(effect, instance, ALL, from, to);
  }

  /** The same for what writes to some tables, a set of bits. */
  public Window add(Effect effect, int instance, int tables, long from, long to) {
    Window window = new Window(effect, instance, tables, from, to);
    windows.add(window);
    return window;
  }

  /** Whether the attempt felt the effect while it lasted, or a short while after its end. */
  boolean felt(Effect effect, Attempt attempt, long echoNanos) {
    return windows.stream()
        .anyMatch(window -> window.effect == effect && window.concerns(attempt, echoNanos));
  }

  public boolean isOutOfMemory() {
    return windows.stream().anyMatch(window -> window.effect == Effect.OUT_OF_MEMORY);
  }

  /** For how long of the attempt nothing delayed it. */
  long nanosWithout(Attempt attempt) {
    List<Window> found = new ArrayList<>();
    for (Window window : windows) {
      if (window.concerns(attempt, 0) && window.effect != Effect.BROKEN) {
        found.add(window);
      }
    }
    found.sort((a, b) -> Long.compare(a.from, b.from));
    long without = 0;
    long at = attempt.from();
    for (Window window : found) {
      without += Math.max(0, window.from - at);
      at = Math.max(at, window.to);
    }
    return without + Math.max(0, attempt.to() - at);
  }
}
