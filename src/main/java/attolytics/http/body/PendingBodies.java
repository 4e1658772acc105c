package attolytics.http.body;

import attolytics.buffer.Budget;
import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioExecutor;

/**
 * The bodies of one IO thread that did not arrive together with their headers. Ensures that each is
 * complete in time, that slow ones are refused when memory is short, and that the IO thread serves
 * other connections between two large ones. For that IO thread only.
 */
final class PendingBodies {
  /** Bytes of each body that are outside of the limit on incomplete bodies: too few to fill it. */
  private static final int SMALL = 2 << 10;

  /** A body that has taken more than this part of the timeout can be refused in favor of others. */
  private static final int GRACE_PART = 6;

  /** Long enough for the IO thread to look at its connections. */
  private static final long TURN_MILLIS = 1;

  private final XnioExecutor ioThread;
  private final Duration timeout;
  private final Budget budget;
  private final Budget bodyBudget;
  private final Set<BodyReader> oldestFirst = new LinkedHashSet<>();
  private boolean timerSet;

  // Large bodies that are complete and wait to be delivered.
  private final ArrayDeque<BodyReader> queue = new ArrayDeque<>();
  private final Semaphore ofAllThreads;
  private boolean turnTaken;

  /**
   * @param ofAllThreads how many more large bodies may be decoded now, by all IO threads
   */
  PendingBodies(
      XnioExecutor ioThread,
      Duration timeout,
      Budget budget,
      Budget bodyBudget,
      Semaphore ofAllThreads) {
    this.ioThread = ioThread;
    this.timeout = timeout;
    this.budget = budget;
    this.bodyBudget = bodyBudget;
    this.ofAllThreads = ofAllThreads;
  }

  /** Adds a body that is incomplete. */
  void add(BodyReader reader) {
    oldestFirst.add(reader);
    if (!timerSet) {
      setTimer(timeout.toNanos());
    }
  }

  void remove(BodyReader reader) {
    oldestFirst.remove(reader);
  }

  /** Refuses all requests whose body is incomplete or queued. */
  void refuseAll(Refusal refusal) {
    List.copyOf(oldestFirst).forEach(reader -> reader.refuse(refusal));
    queue.forEach(reader -> reader.refuse(refusal));
    queue.clear();
  }

  /**
   * Queues a large body that is complete. They are delivered one at a time, and in between the IO
   * thread serves the requests that have arrived, so that none of these waits for more than one
   * large body. It also does so while the other IO threads decode as many as the heap has room for.
   * A body that is queued for longer than the timeout is refused.
   */
  void queue(BodyReader large) {
    queue.add(large);
    if (!turnTaken) {
      takeTurn();
    }
  }

  private void takeTurn() {
    boolean nextScheduled = false;
    turnTaken = true;
    try {
      if (ofAllThreads.tryAcquire()) {
        try {
          queue.remove().takeTurn();
        } finally {
          ofAllThreads.release();
        }
      }
      // Not by execute: the IO thread looks at its connections only when it has no task left.
      ioThread.executeAfter(this::nextTurn, TURN_MILLIS, TimeUnit.MILLISECONDS);
      nextScheduled = true;
    } finally {
      turnTaken = nextScheduled; // otherwise the queue would stop for good
    }
  }

  private void nextTurn() {
    turnTaken = false;
    BodyReader next = queue.peek();
    while (next != null && next.ageNanos() >= timeout.toNanos()) {
      queue.remove();
      next.refuse(Refusal.bufferFull(0, "too many large bodies were being read"));
      next = queue.peek();
    }
    if (next != null) {
      takeTurn();
    }
  }

  /**
   * Reserves more memory for a body, and if there is none, refuses bodies that have had more than
   * enough time to arrive.
   *
   * @param reserved bytes that are reserved for it already
   * @param wanted bytes that are to be reserved for it
   * @return false, with nothing changed, if there is no memory
   */
  boolean tryReserveBody(BodyReader reader, int reserved, int wanted) {
    int small = Math.min(wanted, SMALL) - Math.min(reserved, SMALL);
    return reserveOrRefuseOldest(reader, small, wanted - reserved - small);
  }

  /** Reserves memory for the headers of a request whose body is incomplete, likewise. */
  boolean tryReserveHead(BodyReader reader, int headBytes) {
    return reserveOrRefuseOldest(reader, 0, headBytes);
  }

  private boolean reserveOrRefuseOldest(BodyReader reader, int small, int large) {
    while (!tryReserve(small, large)) {
      BodyReader oldest = oldest();
      if (oldest == null
          || oldest == reader
          || oldest.ageNanos() < timeout.toNanos() / GRACE_PART) {
        return false;
      }
      oldest.refuse(
          Refusal.of(
              Problem.BODY_TOO_SLOW,
              "the buffer is full, and this body was the slowest to arrive"));
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

  /** Releases what is reserved for a body. */
  void releaseBody(int reserved) {
    int small = Math.min(reserved, SMALL);
    budget.release(small);
    bodyBudget.release(reserved - small);
  }

  /** Releases what is reserved for a request's headers. */
  void releaseHead(int headBytes) {
    bodyBudget.release(headBytes);
  }

  /**
   * Why there was no memory for a request: other requests have it, or there is never so much.
   *
   * @param headBytes that its headers need
   * @param bodyBytes that its body needs
   */
  Refusal noMemory(int headBytes, int bodyBytes) {
    return headBytes + Math.max(0L, bodyBytes - SMALL) > bodyBudget.capacity()
        ? Refusal.tooLargeForBuffer()
        : Refusal.bufferFull(0, "no memory of --max_buffer is free for its body");
  }

  private @Nullable BodyReader oldest() {
    Iterator<BodyReader> readers = oldestFirst.iterator();
    return readers.hasNext() ? readers.next() : null;
  }

  private void setTimer(long nanos) {
    timerSet = true;
    long millis = TimeUnit.NANOSECONDS.toMillis(nanos) + 1; // rounded up
    ioThread.executeAfter(this::refuseOverdue, millis, TimeUnit.MILLISECONDS);
  }

  private void refuseOverdue() {
    timerSet = false;
    BodyReader oldest = oldest();
    while (oldest != null && oldest.ageNanos() >= timeout.toNanos()) {
      oldest.refuseUnlessArrived(
          Refusal.of(
              Problem.BODY_TOO_SLOW,
              "a body must arrive within " + timeout.toMillis() / 1000.0 + " seconds"));
      oldest = oldest();
    }
    if (oldest != null) {
      setTimer(timeout.toNanos() - oldest.ageNanos());
    }
  }
}
