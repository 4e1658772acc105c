package attolytics.recent;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Remembers the newest of each kind, and counts those that follow each other closely in one entry.
 * After a gap the kind has another entry, so that two times in which something happened stay apart.
 *
 * <p>When it is full, the source that has the most entries loses the one that did not occur for the
 * longest time: one that floods displaces its own entries, not those of others. Thread-safe.
 *
 * @param <T> what is remembered
 */
final class RecentKinds<T> {
  /** The number of entries. */
  static final int CAPACITY = 50;

  /** What occurs again after a longer time has an entry of its own. */
  static final Duration GAP = Duration.ofMinutes(1);

  /** The number of entries of one family, so that they do not displace others of the source. */
  static final int MAX_OF_FAMILY = 5;

  private static final class Entry<T> {
    private final Object kind;
    private final Object family;
    private final Object source;
    private final Instant first;
    private T newest;
    private Instant last;
    private long count;

    Entry(Object kind, Object family, Object source, T newest, Instant first) {
      this.kind = kind;
      this.family = family;
      this.source = source;
      this.newest = newest;
      this.first = first;
      this.last = first;
    }
  }

  private final LinkedHashSet<Entry<T>> oldestFirst = new LinkedHashSet<>();
  private final Map<Object, Entry<T>> newestOfKind = new HashMap<>();

  /**
   * Adds one.
   *
   * @param kind equal to that of others with which it is counted
   * @param family of similar kinds
   * @param source where it comes from
   */
  synchronized void add(Object kind, Object family, Object source, T newest, Instant when) {
    Entry<T> entry = newestOfKind.get(kind);
    if (entry == null || Duration.between(entry.last, when).compareTo(GAP) > 0) {
      entry = addEntry(kind, family, source, newest, when);
    } else {
      oldestFirst.remove(entry); // and added again at the end
      oldestFirst.add(entry);
    }
    entry.newest = newest;
    entry.last = when;
    entry.count++;
  }

  private Entry<T> addEntry(Object kind, Object family, Object source, T newest, Instant when) {
    if (count(entry -> entry.family.equals(family)) == MAX_OF_FAMILY) {
      removeOldest(entry -> entry.family.equals(family));
    } else if (oldestFirst.size() == CAPACITY) {
      Object largest = largestSource();
      removeOldest(entry -> entry.source.equals(largest));
    }
    Entry<T> entry = new Entry<>(kind, family, source, newest, when);
    oldestFirst.add(entry);
    newestOfKind.put(kind, entry);
    return entry;
  }

  private long count(Predicate<Entry<T>> predicate) {
    return oldestFirst.stream().filter(predicate).count();
  }

  private Object largestSource() {
    Map<Object, Integer> sizes = new HashMap<>();
    oldestFirst.forEach(entry -> sizes.merge(entry.source, 1, Integer::sum));
    return Collections.max(sizes.entrySet(), Map.Entry.comparingByValue()).getKey();
  }

  private void removeOldest(Predicate<Entry<T>> predicate) {
    Iterator<Entry<T>> entries = oldestFirst.iterator();
    while (entries.hasNext()) {
      Entry<T> entry = entries.next();
      if (predicate.test(entry)) {
        entries.remove();
        newestOfKind.remove(entry.kind, entry);
        return;
      }
    }
  }

  /** What is remembered, the newest first. */
  synchronized List<Repeated<T>> newestFirst() {
    List<Repeated<T>> all = new ArrayList<>();
    oldestFirst.forEach(
        entry -> all.add(new Repeated<>(entry.newest, entry.count, entry.first, entry.last)));
    Collections.reverse(all);
    return all;
  }
}
