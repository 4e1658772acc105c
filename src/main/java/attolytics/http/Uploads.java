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
  /** The part of its time after which a body gives way to others. */
  private static final int GRACE = 6;

  private final XnioExecutor ioThread;
  private final Duration timeout;
  private final Budget budget;
  private final Set<BodyReader> oldestFirst = new LinkedHashSet<>();
  private boolean watching;

  // Large ones that are there, and wait to be decoded.
  private final ArrayDeque<BodyReader> queue = new ArrayDeque<>();
  private boolean busy;

  /**
   * @param timeout for a body to arrive
   * @param budget of the bytes of all bodies that are being read
   */
  Uploads(XnioExecutor ioThread, Duration timeout, Budget budget) {
    this.ioThread = ioThread;
    this.timeout = timeout;
    this.budget = budget;
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
   * between, so that nobody waits for more than one of them.
   */
  void inTurn(BodyReader large) {
    if (busy) {
      queue.add(large);
    } else {
      deliver(large);
    }
  }

  private void deliver(BodyReader large) {
    busy = true;
    large.deliver();
    // Not by execute: the thread looks at its connections only when no task is left.
    ioThread.executeAfter(this::nextTurn, 1, TimeUnit.MILLISECONDS);
  }

  private void nextTurn() {
    busy = false;
    BodyReader next = queue.poll();
    if (next != null) {
      deliver(next);
    }
  }

  /**
   * Takes bytes of the budget for a body, if need be from those that have had more than enough time
   * to arrive.
   */
  boolean tryReserve(BodyReader reader, int bytes) {
    while (!budget.tryReserve(bytes)) {
      BodyReader oldest = oldest();
      if (oldest == null || oldest == reader || oldest.ageNanos() < timeout.toNanos() / GRACE) {
        return false;
      }
      oldest.refuse(
          Refusal.of(Problem.BODY_TOO_SLOW, "the buffer is full, and others were faster"));
    }
    return true;
  }

  void release(int bytes) {
    budget.release(bytes);
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
