package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.schema.Table;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Requests that are not tried with the others: those that wait for a table, for a key, or for
 * another try of their own, and those that are suspect, which wait for nothing but their turn. Used
 * by one thread.
 *
 * <p>Of those that wait for the same, a few are tried first. Who comes to need it meanwhile waits
 * with them, so that it is not tried in vain again and again.
 */
final class Deferred {
  private static final long FIRST_BACKOFF = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LAST_BACKOFF = TimeUnit.MILLISECONDS.toNanos(500);

  /** Held keys mostly belong to one transaction: a few tell of all. */
  private static final int KEYS_AT_ONCE = 16;

  /** Each that still fails costs a transaction or two, and may not be the only one. */
  private static final int MAX_DOUBLINGS = 3;

  private static final Object KEY_TABLE = new Object();
  private static final Object HELD_KEYS = new Object();

  /** For requests that failed alone. The table is null if they are for several. */
  private record AnotherTry(@Nullable Table table) {}

  /** Requests that wait for one thing, and when it is looked at again. */
  static final class Wait {
    private final Object cause;
    private final Deque<Batch> batches = new ArrayDeque<>();
    private int tries;
    private long due;
    private boolean putBack;

    private Wait(Object cause) {
      this.cause = cause;
    }

    /** How often it has been waited for in a row. */
    int tries() {
      return tries;
    }
  }

  private final Map<Object, Wait> waits = new LinkedHashMap<>();
  private final Set<IdempotencyKey> heldKeys = new HashSet<>();
  private final Deque<List<Batch>> suspected = new ArrayDeque<>();
  private @Nullable Wait tried;

  /** Has the requests tried at their own expense, as soon as there is time. */
  void suspect(List<Batch> part) {
    if (!part.isEmpty()) {
      suspected.addLast(part);
    }
  }

  /** Takes back suspects that were not tried yet, to be the next again. */
  void postpone(Deque<List<Batch>> parts) {
    while (!parts.isEmpty()) {
      suspected.addFirst(parts.removeLast());
    }
  }

  /** The next suspects, which are deferred no longer, or null. */
  @Nullable List<Batch> nextSuspected() {
    return suspected.pollFirst();
  }

  /**
   * Has all who need the table wait.
   *
   * @return whether they did not wait already
   */
  boolean holdTable(Table table, List<Batch> batches, long now) {
    return hold(table, batches, now);
  }

  /** Has all wait that have a key. */
  boolean holdKeyTable(List<Batch> keyed, long now) {
    return hold(KEY_TABLE, keyed, now);
  }

  /** Has these, and who comes with one of their keys, wait until the keys are free. */
  boolean holdKeys(List<Batch> keyed, long now) {
    for (Batch batch : keyed) {
      if (batch.key() != null) {
        heldKeys.add(batch.key());
      }
    }
    return hold(HELD_KEYS, keyed, now);
  }

  /**
   * Has one request wait for another try, with others like it. Who comes meanwhile does not wait.
   *
   * @param table for which it failed, or null if that may be one of several
   */
  void holdForAnotherTry(Batch batch, @Nullable Table table, long now) {
    hold(new AnotherTry(table), List.of(batch), now);
  }

  /** Has one request wait for another try of its own. */
  void holdAlone(Batch batch, long now) {
    hold(batch, List.of(batch), now);
  }

  private boolean hold(Object cause, List<Batch> batches, long now) {
    Wait known = waits.get(cause);
    Wait wait = known == null ? new Wait(cause) : known;
    if (known == null) {
      waits.put(cause, wait);
      wait.due = now + FIRST_BACKOFF;
    } else if (wait == tried && !wait.putBack) {
      wait.putBack = true;
      wait.tries++;
      wait.due = now + Math.min(FIRST_BACKOFF << Math.min(wait.tries, 10), LAST_BACKOFF);
    }
    wait.batches.addAll(batches);
    return known == null;
  }

  /** Whether the request needs what others wait for; if so, it waits with them from now on. */
  boolean holdIfNeeded(Batch batch) {
    if (waits.isEmpty()) {
      return false;
    }
    Wait wait = waitFor(batch);
    if (wait == null) {
      return false;
    }
    wait.batches.addLast(batch);
    return true;
  }

  private @Nullable Wait waitFor(Batch batch) {
    IdempotencyKey key = batch.key();
    if (key != null) {
      Wait wait = blocking(KEY_TABLE);
      if (wait == null && heldKeys.contains(key)) {
        wait = blocking(HELD_KEYS);
      }
      if (wait != null) {
        return wait;
      }
    }
    for (int run = 0; run < batch.runCount(); run++) {
      Wait wait = blocking(batch.runTable(run));
      if (wait != null) {
        return wait;
      }
    }
    return null;
  }

  private @Nullable Wait blocking(Object cause) {
    Wait wait = waits.get(cause);
    return wait == tried ? null : wait;
  }

  /** What is to be looked at again, the longest overdue first, or null. */
  @Nullable Wait due(long now) {
    Wait first = null;
    for (Wait wait : waits.values()) {
      if (now - wait.due >= 0 && (first == null || wait.due - first.due < 0)) {
        first = wait;
      }
    }
    return first;
  }

  /** Takes those out that are to be tried for it; {@link #tried()} has to follow. */
  List<Batch> take(Wait wait) {
    tried = wait;
    wait.putBack = false;
    int count = atOnce(wait);
    List<Batch> taken = new ArrayList<>();
    while (taken.size() < count && !wait.batches.isEmpty()) {
      Batch batch = wait.batches.removeFirst();
      if (wait.cause == HELD_KEYS && batch.key() != null) {
        heldKeys.remove(batch.key());
      }
      taken.add(batch);
    }
    return taken;
  }

  private static int atOnce(Wait wait) {
    if (wait.cause == HELD_KEYS) {
      return KEYS_AT_ONCE;
    }
    return wait.cause instanceof AnotherTry ? 1 << Math.min(wait.tries, MAX_DOUBLINGS) : 1;
  }

  /**
   * Ends the try.
   *
   * @return those that need not wait any longer, as none of those tried had to
   */
  List<Batch> tried() {
    Wait wait = tried;
    tried = null;
    if (wait == null || wait.putBack) {
      return List.of();
    }
    forget(wait);
    return new ArrayList<>(wait.batches);
  }

  private void forget(Wait wait) {
    waits.remove(wait.cause);
    if (wait.cause == HELD_KEYS) {
      heldKeys.clear();
    }
  }

  /** Whether anything is waited for. */
  boolean hasWaits() {
    return !waits.isEmpty();
  }

  boolean isEmpty() {
    return waits.isEmpty() && suspected.isEmpty();
  }

  /** Rows of all of them. */
  int rows() {
    int rows = 0;
    for (Collection<Batch> batches : all()) {
      for (Batch batch : batches) {
        rows += batch.rowCount();
      }
    }
    return rows;
  }

  /** When the oldest of them was accepted, or 0 if there is none. */
  long oldest() {
    long oldest = 0;
    for (Collection<Batch> batches : all()) {
      for (Batch batch : batches) {
        if (oldest == 0 || batch.acceptedNanos() - oldest < 0) {
          oldest = batch.acceptedNanos();
        }
      }
    }
    return oldest;
  }

  private List<Collection<Batch>> all() {
    List<Collection<Batch>> all = new ArrayList<>(suspected);
    waits.values().forEach(wait -> all.add(wait.batches));
    return all;
  }

  /** How long the next of them can wait, in nanoseconds. */
  long until(long now) {
    if (!suspected.isEmpty()) {
      return 0;
    }
    long until = Long.MAX_VALUE;
    for (Wait wait : waits.values()) {
      until = Math.min(until, Math.max(0, wait.due - now));
    }
    return until;
  }

  /** Takes out those whose time is over. */
  void removeIf(Predicate<Batch> isExpired, Consumer<Batch> removed) {
    for (int left = suspected.size(); left > 0; left--) {
      List<Batch> part = new ArrayList<>(suspected.removeFirst());
      removeIf(part, isExpired, removed);
      suspect(part);
    }
    Iterator<Wait> each = waits.values().iterator();
    while (each.hasNext()) {
      Wait wait = each.next();
      removeIf(wait.batches, isExpired, removed);
      if (wait.batches.isEmpty() && wait != tried) {
        each.remove();
      }
    }
  }

  private void removeIf(
      Collection<Batch> batches, Predicate<Batch> isExpired, Consumer<Batch> removed) {
    batches.removeIf(
        batch -> {
          boolean expired = isExpired.test(batch);
          if (expired) {
            if (batch.key() != null) {
              heldKeys.remove(batch.key());
            }
            removed.accept(batch);
          }
          return expired;
        });
  }

  void clear() {
    waits.clear();
    heldKeys.clear();
    suspected.clear();
    tried = null;
  }
}
