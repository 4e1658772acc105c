package attolytics.http;

import attolytics.buffer.Budget;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioExecutor;

/**
 * The bodies of one IO thread that do not come with their headers: sees to it that each ends in
 * time, that slow ones give way when memory is short, and that large ones leave others their turn.
 * For that IO thread only.
 */
final class Uploads {
  /** Of so small a body's memory even those without end cannot take much. */
  private static final int SMALL = 2 << 10;

  /** The part of its time after which a body gives way to others. */
  private static final int GRACE = 6;

  private final XnioExecutor ioThread;
  private final Duration timeout;
  private final Budget budget;
  private final Budget bodyBudget;
  private final Set<BodyReader> oldestFirst = new LinkedHashSet<>();
  private boolean watching;

  // Large ones that are there, and wait to be decoded.
  private final ArrayDeque<BodyReader> queue = new ArrayDeque<>();
  private boolean busy;

  Uploads(XnioExecutor ioThread, Ingest ingest) {
    this.ioThread = ioThread;
    this.timeout = ingest.limits().bodyTimeout();
    this.budget = ingest.budget();
    this.bodyBudget = ingest.bodyBudget();
  }

  void add(BodyReader reader) {
    oldestFirst.add(reader);
    if (!watching) {
      watch(timeout.toNanos());
    }
  }

  void remove(BodyReader reader) {
    oldestFirst.remove(reader);
  }

  /** Refuses all of them. */
  void refuse(Refusal refusal) {
    List.copyOf(oldestFirst).forEach(reader -> reader.refuse(refusal));
    queue.forEach(reader -> reader.refuse(refusal));
    queue.clear();
  }

  /**
   * Has a large body delivered: one after the other, and the requests that have come meanwhile in
   * between, so that nobody waits for more than one of them. It has as long to wait for that as it
   * had to arrive.
   */
  void inTurn(BodyReader large) {
    if (busy) {
      queue.add(large);
    } else {
      deliver(large);
    }
  }

  private void deliver(BodyReader large) {
    boolean hasNextTurn = false;
    busy = true;
    try {
      large.deliver();
      // Not by execute: the thread looks at its connections only when no task is left.
      ioThread.executeAfter(this::nextTurn, 1, TimeUnit.MILLISECONDS);
      hasNextTurn = true;
    } finally {
      busy = hasNextTurn; // or the queue would never move again
    }
  }

  private void nextTurn() {
    busy = false;
    BodyReader next = queue.poll();
    while (next != null && next.waitedNanos() >= timeout.toNanos()) {
      next.refuse(Refusal.of(Problem.BUFFER_FULL, null));
      next = queue.poll();
    }
    if (next != null) {
      deliver(next);
    }
  }

  /**
   * Takes memory for a body out of the budget, if need be from bodies that have had more than
   * enough time to arrive.
   *
   * @param had bytes that the body has already
   * @return false, with nothing changed, if there is none
   */
  boolean tryReserve(BodyReader reader, int had, int wanted) {
    int small = Math.min(wanted, SMALL) - Math.min(had, SMALL);
    return reserve(reader, small, wanted - had - small);
  }

  /**
   * Why there was no memory for a request: others have it now, or there is never so much.
   *
   * @param head bytes that were wanted for its head
   * @param body bytes that were wanted for its body
   */
  Refusal noMemory(int head, int body) {
    return head + Math.max(0L, body - SMALL) > bodyBudget.capacity()
        ? BodyReader.tooLargeForBuffer()
        : Refusal.of(Problem.BUFFER_FULL, null);
  }

  /** Takes memory for what a request holds while its body is on its way, in the same manner. */
  boolean tryReserveHead(BodyReader reader, int bytes) {
    return reserve(reader, 0, bytes);
  }

  private boolean reserve(BodyReader reader, int small, int large) {
    while (!tryReserve(small, large)) {
      BodyReader oldest = oldest();
      if (oldest == null || oldest == reader || oldest.ageNanos() < timeout.toNanos() / GRACE) {
        return false;
      }
      oldest.refuse(
          Refusal.of(Problem.BODY_TOO_SLOW, "the buffer is full, and others were faster"));
    }
    return true;
  }

  private boolean tryReserve(int small, int large) {
    if (!budget.tryReserve(small)) {
      return false;
    }
    if (bodyBudget.tryReserve(large)) {
      return true;
    }
    budget.release(small);
    return false;
  }

  void release(int had) {
    int small = Math.min(had, SMALL);
    budget.release(small);
    bodyBudget.release(had - small);
  }

  void releaseHead(int bytes) {
    bodyBudget.release(bytes);
  }

  private @Nullable BodyReader oldest() {
    Iterator<BodyReader> readers = oldestFirst.iterator();
    return readers.hasNext() ? readers.next() : null;
  }

  private void watch(long nanos) {
    watching = true;
    long millis = TimeUnit.NANOSECONDS.toMillis(nanos) + 1; // not too early by a fraction
    ioThread.executeAfter(this::refuseOverdue, millis, TimeUnit.MILLISECONDS);
  }

  private void refuseOverdue() {
    watching = false;
    BodyReader oldest = oldest();
    while (oldest != null && oldest.ageNanos() >= timeout.toNanos()) {
      oldest.refuse(
          Refusal.of(
              Problem.BODY_TOO_SLOW,
              "a body has to arrive within " + timeout.toMillis() / 1000.0 + " seconds"));
      oldest = oldest();
    }
    if (oldest != null) {
      watch(timeout.toNanos() - oldest.ageNanos());
    }
  }
}
