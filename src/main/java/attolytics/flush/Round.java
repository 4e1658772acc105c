package attolytics.flush;

import attolytics.buffer.Batch;
import attolytics.flush.transaction.FlushException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Requests that are written one part after the other, each part in a transaction, and what was seen
 * meanwhile.
 */
final class Round {
  /** Which requests these are. */
  enum Kind {
    /** Those that a writer has gathered. */
    FLUSH,
    /** Those that are written separately. */
    SEPARATE,
    /** Requests that waited for a lock or for another attempt. */
    RETRY
  }

  /**
   * What is next for some requests.
   *
   * @param byInsert instead of COPY
   * @param unconfirmed why it is not known whether they are committed; if not null, that is asked
   * @param startNanos when the COMMIT's transaction began
   */
  record Part(
      List<Batch> batches,
      boolean byInsert,
      @Nullable FlushException unconfirmed,
      long startNanos) {}

  private final Kind kind;
  private final int tries;
  private final Deque<Part> parts = new ArrayDeque<>();
  private int timeouts;
  private int slow;
  private int splits;
  private int keySearches;

  /**
   * @param tries consecutive retries that showed that their wait is not over
   */
  Round(Kind kind, int tries) {
    this.kind = kind;
    this.tries = tries;
  }

  Kind kind() {
    return kind;
  }

  int tries() {
    return tries;
  }

  /** Attempts that failed because they waited too long: for a lock, or for a slow statement. */
  int timeouts() {
    return timeouts;
  }

  void countTimeout() {
    timeouts++;
  }

  /** Slow attempts that failed on a session that could write, timeouts included. */
  int slow() {
    return slow;
  }

  void countSlow() {
    slow++;
  }

  /** Counts a split, and returns how many there were before. */
  int countSplit() {
    return splits++;
  }

  boolean isSplit() {
    return splits > 0;
  }

  /** Counts a search for locked keys, and returns how many there were before. */
  int countKeySearch() {
    return keySearches++;
  }

  /** Puts the part before all others. */
  void push(List<Batch> part) {
    if (!part.isEmpty()) {
      parts.push(new Part(part, false, null, 0));
    }
  }

  void pushByInsert(List<Batch> part) {
    parts.push(new Part(part, true, null, 0));
  }

  void pushUnconfirmed(List<Batch> part, FlushException failure, long startNanos) {
    parts.push(new Part(part, false, failure, startNanos));
  }

  /** Puts the parts before all others, the first one first. */
  void pushAll(List<List<Batch>> ordered) {
    for (int i = ordered.size() - 1; i >= 0; i--) {
      push(ordered.get(i));
    }
  }

  Part pop() {
    return parts.pop();
  }

  boolean isEmpty() {
    return parts.isEmpty();
  }

  /** Whether the next part cannot be left for later: it may be committed, or needs its INSERT. */
  boolean isNextUnfinished() {
    Part next = parts.peek();
    return next != null && (next.unconfirmed() != null || next.byInsert());
  }

  /** Takes all that is left, in order. */
  List<List<Batch>> takeRest() {
    List<List<Batch>> rest = new ArrayList<>();
    parts.forEach(part -> rest.add(part.batches()));
    parts.clear();
    return rest;
  }
}
