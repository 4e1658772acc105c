package attolytics.recent;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Remembers the newest of each kind, and counts the others. When it is full, the source that has
 * the most kinds loses the one that did not occur for the longest time: one that floods displaces
 * its own kinds, not those of others. Thread-safe.
 *
 * @param <T> what is remembered
 */
final class RecentKinds<T> {
  /** The number of kinds. */
  static final int CAPACITY = 50;

  private static final class Entry<T> {
    private final Object source;
    private final Instant first;
    private T newest;
    private Instant last;
    private long count;

    Entry(Object source, T newest, Instant first) {
      this.source = source;
      this.newest = newest;
      this.first = first;
      this.last = first;
    }
  }

  // In the order in which they occurred last.
  private final Map<Object, Entry<T>> kinds = new LinkedHashMap<>(2 * CAPACITY, 0.75f, true);
  private final Map<Object, Integer> kindsOfSource = new HashMap<>();

  /**
   * Adds one.
   *
   * @param kind equal to that of others with which it is counted
   * @param source where it comes from
   */
  synchronized void add(Object kind, Object source, T newest, Instant when) {
    Entry<T> entry = kinds.get(kind);
    if (entry == null) {
      if (kinds.size() == CAPACITY) {
        removeOne();
      }
      entry = new Entry<>(source, newest, when);
      kinds.put(kind, entry);
      kindsOfSource.merge(source, 1, Integer::sum);
    }
    entry.newest = newest;
    entry.last = when;
    entry.count++;
  }

  private void removeOne() {
    Object largest =
        Collections.max(kindsOfSource.entrySet(), Map.Entry.comparingByValue()).getKey();
    Iterator<Entry<T>> oldestFirst = kinds.values().iterator();
    while (oldestFirst.hasNext()) {
      if (oldestFirst.next().source.equals(largest)) {
        oldestFirst.remove();
        kindsOfSource.computeIfPresent(largest, (source, size) -> size == 1 ? null : size - 1);
        return;
      }
    }
  }

  /** What is remembered, the newest first. */
  synchronized List<Repeated<T>> newestFirst() {
    List<Repeated<T>> all = new ArrayList<>();
    kinds
        .values()
        .forEach(
            entry -> all.add(new Repeated<>(entry.newest, entry.count, entry.first, entry.last)));
    Collections.reverse(all);
    return all;
  }
}
