package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.buffer.IdempotencyKey;
import attolytics.schema.Table;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Requests that are not written with the others: those that wait, for a locked table, for a locked
 * key or for another attempt, and those that are to be written separately, which wait only for
 * their turn: they, or requests like them, have failed or been slow, or what they waited for is
 * free. Used by one thread.
 *
 * <p>Of the requests that wait for the same thing, a few are retried first. New requests join those
 * that wait for a table or a key that they need, without an attempt of their own; none join those
 * that wait for another attempt. Longer than other files because requests move between the two
 * kinds.
 */
final class Deferred {
  private static final long FIRST_DELAY = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long MAX_DELAY = TimeUnit.MILLISECONDS.toNanos(500);

  /**
   * Locked keys mostly belong to one transaction: whether a few of them are free shows it for all.
   */
  private static final int KEYS_AT_ONCE = 16;

  /** Each request that fails again costs one or two transactions. */
  private static final int MAX_DOUBLINGS = 3;

  /** Of separate requests in one attempt, keys included: many may have waited for a lock. */
  static final int MAX_PART_ROWS = 4_000;

  static final long MAX_PART_BYTES = 2 << 20;

  private static final String SEPARATE =
      "it waited for its turn: earlier requests for its table, or of its connection, failed or"
          + " were slow, or what it needed was locked";

  private static final String NO_ROOM =
      "; no more requests can wait: those that do fill three quarters of the buffer";

  private static final Object KEY_TABLE = new Object();
  private static final Object LOCKED_KEYS = new Object();

  /** What requests wait for that failed alone. The table is null if they are for several. */
  private record AnotherAttempt(@Nullable Table table) {}

  /** Requests of which the newest can be refused, in their order. */
  private record Group(List<Batch> batches, long bytes) {
    private static Group of(List<Batch> batches) {
      return new Group(batches, bytesOf(batches));
    }
  }

  /** Requests that wait for one thing, and when some of them are retried. */
  static final class Wait {
    private final Object cause;
    private final Deque<Batch> batches = new ArrayDeque<>();
    private String why = "is locked, or accepts no rows at the moment";
    private int tries;
    private long due;
    private boolean failedAgain; // in the retry under way
    private boolean isUncertain; // the last retry showed neither that it is over nor that it is not

    private Wait(Object cause) {
      this.cause = cause;
    }

    /**
     * Consecutive retries that showed that the wait is not over, or 0 if the last one did not show
     * it: then the next has to be brief, as many like it may follow.
     */
    int triesForLimits() {
      return isUncertain ? 0 : tries;
    }

    /** Whether requests wait for keys, or the table of keys. */
    boolean isForKeys() {
      return cause == LOCKED_KEYS || cause == KEY_TABLE;
    }

    /** For the operators. */
    private String reason() {
      if (cause instanceof Table table) {
        return "table " + table.name() + " " + why;
      }
      if (cause == KEY_TABLE) {
        return "the table of Idempotency-Keys " + why;
      }
      return cause == LOCKED_KEYS
          ? "another transaction has its Idempotency-Key"
          : "each attempt to write it failed";
    }

    boolean isDue(long now) {
      return now - due >= 0;
    }
  }

  private final Map<Object, Wait> waits = new LinkedHashMap<>();
  private final Set<IdempotencyKey> lockedKeys = new HashSet<>();
  private final Deque<List<Batch>> separate = new ArrayDeque<>();
  private @Nullable List<Batch> lastPart; // of the separate ones, if it can take more
  private int lastPartRows;
  private long lastPartBytes;
  private @Nullable Wait retried;
  private long bytes;

  /**
   * Has requests written separately, behind others, in parts that are full, but take little time.
   */
  void addSeparate(List<Batch> batches) {
    List<Batch> part = lastPart;
    for (Batch batch : batches) {
      int rows = batch.rowCount() + (batch.key() == null ? 0 : 1);
      if (part == null
          || lastPartRows + rows > MAX_PART_ROWS
          || lastPartBytes + batch.byteCount() > MAX_PART_BYTES) {
        part = new ArrayList<>();
        lastPart = part;
        lastPartRows = 0;
        lastPartBytes = 0;
        separate.addLast(part);
      }
      part.add(batch);
      bytes += batch.reservedBytes();
      lastPartRows += rows;
      lastPartBytes += batch.byteCount();
    }
  }

  /** The same in a part of their own: together with others they failed, and would do so again. */
  void addSeparatePart(List<Batch> part) {
    if (!part.isEmpty()) {
      bytes += bytesOf(part);
      separate.addLast(List.copyOf(part)); // it may be a view of a list that is used again
      lastPart = null;
    }
  }

  /** Puts parts back that there was no time for, before the others and in this order. */
  void postpone(List<List<Batch>> parts) {
    for (int i = parts.size() - 1; i >= 0; i--) {
      bytes += bytesOf(parts.get(i));
      separate.addFirst(parts.get(i));
    }
  }

  /** Takes the next part to be written separately, or returns null. */
  @Nullable List<Batch> takeSeparate() {
    List<Batch> next = separate.pollFirst();
    bytes -= next == null ? 0 : bytesOf(next);
    if (separate.isEmpty()) {
      lastPart = null;
    }
    return next;
  }

  boolean hasSeparate() {
    return !separate.isEmpty();
  }

  /**
   * Has all requests for the table wait.
   *
   * @return whether that is new
   */
  boolean holdTable(Table table, List<Batch> batches, long now) {
    return hold(table, batches, now);
  }

  /** Has all requests with a key wait. */
  boolean holdKeyTable(List<Batch> keyed, long now) {
    return hold(KEY_TABLE, keyed, now);
  }

  /** Has these, and new requests with the same keys, wait until the keys are no longer locked. */
  boolean holdKeys(List<Batch> keyed, long now) {
    keyed.forEach(this::lockKey);
    return hold(LOCKED_KEYS, keyed, now);
  }

  /**
   * Has a request wait for another attempt, together with others like it. New requests do not wait.
   *
   * @param table for which it failed, or null if it may be one of several
   */
  void holdForAnotherAttempt(Batch batch, @Nullable Table table, long now) {
    hold(new AnotherAttempt(table), List.of(batch), now);
  }

  /** Has a request wait for another attempt, alone. */
  void holdAlone(Batch batch, long now) {
    hold(batch, List.of(batch), now);
  }

  /** Says why all requests for the table, or with a key, wait, for the operators. */
  void explain(@Nullable Table table, String why) {
    Wait wait = waits.get(table == null ? KEY_TABLE : table);
    if (wait != null) {
      wait.why = why;
    }
  }

  private boolean hold(Object cause, List<Batch> batches, long now) {
    Wait known = waits.get(cause);
    Wait wait = known == null ? new Wait(cause) : known;
    if (known == null) {
      waits.put(cause, wait);
      wait.due = now + FIRST_DELAY;
    } else if (wait == retried && !wait.failedAgain) {
      wait.failedAgain = true;
      wait.tries++;
      wait.due = now + Math.min(FIRST_DELAY << Math.min(wait.tries, 10), MAX_DELAY);
    }
    wait.batches.addAll(batches);
    bytes += bytesOf(batches);
    return known == null;
  }

  /** Whether the request needs what others wait for; if so, it waits with them. */
  boolean holdIfNeeded(Batch batch) {
    Wait wait = waitFor(batch);
    if (wait == null) {
      return false;
    }
    wait.batches.addLast(batch);
    bytes += batch.reservedBytes();
    return true;
  }

  private @Nullable Wait waitFor(Batch batch) {
    IdempotencyKey key = batch.key();
    if (key != null) {
      Wait wait = blocking(KEY_TABLE);
      if (wait == null && lockedKeys.contains(key)) {
        wait = blocking(LOCKED_KEYS);
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
    return wait == retried ? null : wait;
  }

  /** The wait that has been due for the longest time, or null if none is. */
  @Nullable Wait due(long now) {
    Wait first = null;
    for (Wait wait : waits.values()) {
      if (wait.isDue(now) && (first == null || wait.due - first.due < 0)) {
        first = wait;
      }
    }
    return first;
  }

  /**
   * Takes some requests of the wait to retry them, if there are any that need nothing else that is
   * known to be locked; the others wait for that now. {@link #endRetry} has to follow.
   */
  List<Batch> takeForRetry(Wait wait) {
    retried = wait;
    wait.failedAgain = false;
    int count = atOnce(wait);
    List<Batch> taken = new ArrayList<>();
    while (taken.size() < count && !wait.batches.isEmpty()) {
      Batch batch = wait.batches.removeFirst();
      bytes -= batch.reservedBytes();
      if (wait.cause == LOCKED_KEYS) {
        unlockKey(batch);
      }
      if (!holdIfNeeded(batch)) {
        taken.add(batch);
      }
    }
    return taken;
  }

  private static int atOnce(Wait wait) {
    if (wait.isForKeys()) {
      return KEYS_AT_ONCE;
    }
    return wait.cause instanceof AnotherAttempt ? 1 << Math.min(wait.tries, MAX_DOUBLINGS) : 1;
  }

  /**
   * Ends the retry. The wait is over if the database settled one of the requests taken, and none of
   * them has to wait again; the others are written separately then. If all have expired, or wait
   * for something else now, it is still unknown whether the wait is over: after what else is due,
   * the next of its requests are tried, with the shortest lock timeout.
   *
   * @param rest requests taken that are neither settled nor wait again: there was no time for them,
   *     or for another attempt
   * @param settled whether the database settled one of those taken; for a table, not by its key
   */
  void endRetry(List<List<Batch>> rest, boolean settled, long now) {
    Wait wait = retried;
    retried = null;
    if (wait == null) {
      return;
    }
    if (wait.failedAgain) {
      rest.forEach(this::addSeparatePart); // a search for locked keys has found theirs free
    } else {
      putBack(wait, rest);
      wait.due = now; // behind those that have been due for some time
    }
    wait.isUncertain = !wait.failedAgain && rest.isEmpty();
    boolean isOver = settled && !wait.failedAgain;
    if (isOver || wait.batches.isEmpty()) {
      waits.remove(wait.cause);
      wait.batches.forEach(this::unlockKey);
      bytes -= bytesOf(wait.batches);
      addSeparate(List.copyOf(wait.batches));
    }
  }

  private void putBack(Wait wait, List<List<Batch>> rest) {
    for (int i = rest.size() - 1; i >= 0; i--) {
      List<Batch> part = rest.get(i);
      for (int j = part.size() - 1; j >= 0; j--) {
        wait.batches.addFirst(part.get(j));
        bytes += part.get(j).reservedBytes();
        if (wait.cause == LOCKED_KEYS) {
          lockKey(part.get(j));
        }
      }
    }
  }

  private void lockKey(Batch batch) {
    if (batch.key() != null) {
      lockedKeys.add(batch.key());
    }
  }

  private void unlockKey(Batch batch) {
    if (batch.key() != null) {
      lockedKeys.remove(batch.key());
    }
  }

  /** Whether requests wait for a lock or another attempt. */
  boolean hasWaits() {
    return !waits.isEmpty();
  }

  /** How many requests wait for a lock or another attempt. */
  int waiting() {
    int count = 0;
    for (Wait wait : waits.values()) {
      count += wait.batches.size();
    }
    return count;
  }

  /** The tables that all of their requests wait for. */
  Set<String> heldTables() {
    Set<String> tables = new TreeSet<>();
    for (Object cause : waits.keySet()) {
      if (cause instanceof Table table) {
        tables.add(table.name());
      }
    }
    return tables;
  }

  boolean isEmpty() {
    return waits.isEmpty() && separate.isEmpty();
  }

  /** Rows of all requests here. */
  int rows() {
    int rows = 0;
    for (Collection<Batch> batches : all()) {
      for (Batch batch : batches) {
        rows += batch.rowCount();
      }
    }
    return rows;
  }

  /** Bytes that all requests here have reserved. Allocates nothing. */
  long bytes() {
    return bytes;
  }

  /** When the oldest request here was accepted, or 0 if there is none. */
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
    List<Collection<Batch>> all = new ArrayList<>(separate);
    waits.values().forEach(wait -> all.add(wait.batches));
    return all;
  }

  /** Nanoseconds until one of the requests can be tried. */
  long until(long now) {
    if (!separate.isEmpty()) {
      return 0;
    }
    long until = Long.MAX_VALUE;
    for (Wait wait : waits.values()) {
      until = Math.min(until, Math.max(0, wait.due - now));
    }
    return until;
  }

  /**
   * Removes requests.
   *
   * @param removed gets each of them, and what it has waited for
   */
  void removeIf(Predicate<Batch> filter, BiConsumer<Batch, String> removed) {
    for (int left = separate.size(); left > 0; left--) {
      List<Batch> part = separate.removeFirst();
      if (part.stream().anyMatch(filter)) {
        lastPart = part == lastPart ? null : lastPart;
        part = new ArrayList<>(part);
        removeIf(part, filter, batch -> removed.accept(batch, SEPARATE));
      }
      if (!part.isEmpty()) {
        separate.addLast(part);
      }
    }
    for (Wait wait : waits.values()) {
      removeIf(wait.batches, filter, batch -> removed.accept(batch, wait.reason()));
    }
    waits.values().removeIf(wait -> wait.batches.isEmpty() && wait != retried);
  }

  /**
   * Removes the requests that came last, where most bytes are: those that wait for the same thing,
   * those that wait alone, or the separate ones. At least one of these stays.
   *
   * @param bytes how many they have to have reserved together
   * @param removed gets each of them, the newest first, and what it has waited for
   */
  void removeNewest(long bytes, BiConsumer<Batch, String> removed) {
    Map<Batch, String> newest = new LinkedHashMap<>();
    long left = bytes;
    for (Group group : groups()) {
      for (int i = group.batches().size() - 1; i > 0 && left > 0; i--) {
        Batch batch = group.batches().get(i);
        newest.put(batch, NO_ROOM); // in this order
        left -= batch.reservedBytes();
      }
    }
    if (newest.isEmpty()) {
      return;
    }
    removeIf(newest::containsKey, (batch, reason) -> newest.put(batch, reason + NO_ROOM));
    newest.forEach(removed);
  }

  /** The largest one first. */
  private List<Group> groups() {
    List<Batch> alone = new ArrayList<>();
    List<Group> groups = new ArrayList<>();
    for (Wait wait : waits.values()) {
      if (wait.cause instanceof Batch) {
        alone.addAll(wait.batches);
      } else {
        groups.add(Group.of(List.copyOf(wait.batches)));
      }
    }
    groups.add(Group.of(alone));
    groups.add(Group.of(separate.stream().flatMap(List::stream).toList()));
    groups.sort(Comparator.comparingLong(Group::bytes).reversed());
    return groups;
  }

  private static long bytesOf(Collection<Batch> batches) {
    return batches.stream().mapToLong(Batch::reservedBytes).sum();
  }

  private void removeIf(
      Collection<Batch> batches, Predicate<Batch> filter, Consumer<Batch> removed) {
    batches.removeIf(
        batch -> {
          boolean matches = filter.test(batch);
          if (matches) {
            unlockKey(batch);
            bytes -= batch.reservedBytes(); // before it may be used again
            removed.accept(batch);
          }
          return matches;
        });
  }

  void clear() {
    waits.clear();
    lockedKeys.clear();
    separate.clear();
    lastPart = null;
    retried = null;
    bytes = 0;
  }
}
