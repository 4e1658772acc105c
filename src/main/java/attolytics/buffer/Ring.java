package attolytics.buffer;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The queue from many IO threads to one writer: a Disruptor ring with a slot a row, so that its
 * capacity is one of rows. A batch claims as many slots as it has rows in one step, or none, and
 * stands in the first of them. Slots stay taken until the writer has settled their batch: what is
 * in the ring is all that is accepted and not yet committed.
 */
public final class Ring {
  private static final class Slot {
    @Nullable Batch batch;
  }

  private static final VarHandle WAITER;

  static {
    try {
      WAITER = MethodHandles.lookup().findVarHandle(Ring.class, "waiter", Thread.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  // The ring's own wait strategies serve its own processors; the writer waits by itself, since it
  // keeps what it has taken until the commit.
  private final RingBuffer<Slot> slots;
  private final NanoClock clock;
  private final Sequence released = new Sequence();
  private long next;

  @SuppressWarnings("unused") // by WAITER
  private volatile @Nullable Thread waiter;

  private volatile boolean woken;

  /**
   * @param capacityRows a power of two
   */
  public Ring(int capacityRows) {
    this(capacityRows, NanoClock.SYSTEM);
  }

  /**
   * @param capacityRows a power of two
   */
  public Ring(int capacityRows, NanoClock clock) {
    this.clock = clock;
    slots = RingBuffer.createMultiProducer(Slot::new, capacityRows, new BusySpinWaitStrategy());
    slots.addGatingSequences(released);
    next = released.get() + 1;
  }

  /**
   * Hands a batch over to the writer. Any thread.
   *
   * @return false, at once and with nothing changed, if not all of its rows fit
   */
  public boolean offer(Batch batch) {
    int rows = slotsOf(batch);
    long last;
    try {
      last = slots.tryNext(rows);
    } catch (InsufficientCapacityException full) {
      return false;
    }
    // Nothing can fail between the claim and the publication, which would stop the ring for good.
    long first = last - rows + 1;
    slots.get(first).batch = batch;
    // The first slot last: the writer goes by that one alone and may free them all at once, and a
    // flag that is set only then would undo that of the slot's next user.
    if (rows > 1) {
      slots.publish(first + 1, last);
    }
    slots.publish(first);
    wakeWriter();
    return true;
  }

  /**
   * Takes the next batch. The writer's thread only.
   *
   * @return null if there is none within the time, or if the thread was woken by {@link #wake}
   */
  public @Nullable Batch poll(long timeoutNanos) {
    if (!slots.isAvailable(next) && !await(timeoutNanos)) {
      return null;
    }
    Slot slot = slots.get(next);
    Batch batch = slot.batch;
    if (batch == null) {
      throw new IllegalStateException("a published slot without a batch at " + next);
    }
    slot.batch = null;
    next += slotsOf(batch);
    return batch;
  }

  /** Frees the slots of all batches polled so far. The writer's thread only. */
  public void release() {
    released.set(next - 1);
  }

  /**
   * Lets a waiting {@link #poll}, or else the next one that would wait, return early. Any thread.
   */
  public void wake() {
    woken = true;
    unparkWriter();
  }

  public int capacityRows() {
    return slots.getBufferSize();
  }

  /** Rows that are accepted and not yet settled. */
  public long usedRows() {
    return slots.getBufferSize() - slots.remainingCapacity();
  }

  private boolean await(long timeoutNanos) {
    long deadline = clock.nanoTime() + timeoutNanos;
    try {
      while (true) {
        waiter = Thread.currentThread();
        VarHandle.fullFence(); // against offer's: one of the two sees what the other wrote
        if (slots.isAvailable(next)) {
          return true;
        }
        if (woken) {
          woken = false;
          return false;
        }
        long left = deadline - clock.nanoTime();
        if (left <= 0) {
          return false;
        }
        clock.parkNanos(left);
      }
    } finally {
      waiter = null;
    }
  }

  private void wakeWriter() {
    VarHandle.fullFence();
    if (waiter != null) {
      unparkWriter();
    }
  }

  private void unparkWriter() {
    Thread waiting = (Thread) WAITER.getAndSet(this, null);
    if (waiting != null) {
      clock.unpark(waiting);
    }
  }

  /** An empty batch, too, has to stand somewhere. */
  private static int slotsOf(Batch batch) {
    return Math.max(1, batch.rowCount());
  }
}
