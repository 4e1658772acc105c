package attolytics.buffer;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The queue from many IO threads to the writers: a Disruptor ring with a slot a row, so that its
 * capacity is one of rows. A batch claims as many slots as it has rows in one step, or none, and
 * stands in the first of them. Slots stay occupied until the consumer that has taken their batch
 * releases them: what is in the ring is all that is accepted and not yet committed.
 *
 * <p>Each writer has a {@link Consumer} of its own. One of them at a time may poll; who that is, is
 * for the callers to agree upon.
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

  /** What a consumer that holds no slots has as its position: it gates nobody. */
  private static final long HOLDS_NOTHING = Long.MAX_VALUE;

  // The ring's own wait strategies serve its own processors; writers wait by themselves, since they
  // keep what they have taken until the commit.
  private final RingBuffer<Slot> slots;
  private final NanoClock clock;

  /** The last slot that a consumer has taken. The first of the gating sequences; see Consumer. */
  private final Sequence taken = new Sequence();

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
    slots.addGatingSequences(taken);
  }

  /** Adds a consumer. Before the first batch is offered. */
  public Consumer newConsumer() {
    Consumer consumer = new Consumer();
    slots.addGatingSequences(consumer.held);
    consumer.held.set(HOLDS_NOTHING);
    return consumer;
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
    wakeWaiter();
    return true;
  }

  /**
   * Lets a waiting {@link Consumer#poll}, or else the next one that would wait, return early. Any
   * thread.
   */
  public void wake() {
    woken = true;
    unparkWaiter();
  }

  public int capacityRows() {
    return slots.getBufferSize();
  }

  /** Rows that are accepted and not yet settled. */
  public long usedRows() {
    return slots.getBufferSize() - slots.remainingCapacity();
  }

  /** Whether a batch waits to be taken. Any thread. */
  public boolean hasBatches() {
    return slots.isAvailable(taken.get() + 1);
  }

  /**
   * Unparks the thread with the next offer, or at once if a batch is waiting, unless another thread
   * polls before that. Only while nobody polls.
   */
  public void unparkOnOffer(Thread thread) {
    waiter = thread;
    VarHandle.fullFence(); // as in await
    if (hasBatches()) {
      unparkWaiter();
    }
  }

  private boolean await(long timeoutNanos) {
    long deadline = clock.nanoTime() + timeoutNanos;
    try {
      while (true) {
        waiter = Thread.currentThread();
        VarHandle.fullFence(); // against offer's: one of the two sees what the other wrote
        if (hasBatches()) {
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

  private void wakeWaiter() {
    VarHandle.fullFence();
    if (waiter != null) {
      unparkWaiter();
    }
  }

  private void unparkWaiter() {
    Thread waiting = (Thread) WAITER.getAndSet(this, null);
    if (waiting != null) {
      clock.unpark(waiting);
    }
  }

  /** An empty batch, too, has to stand somewhere. */
  private static int slotsOf(Batch batch) {
    return Math.max(1, batch.rowCount());
  }

  /**
   * Takes batches for one writer and holds their slots until it {@link #release}s them.
   *
   * <p>A slot is free once it is taken and no consumer holds it. Producers read {@link #taken}
   * before the consumers' positions, and a consumer notes what it holds before it moves {@link
   * #taken}, so that no slot looks free in between.
   */
  public final class Consumer {
    /** The slot before the first that is held, or {@link #HOLDS_NOTHING}. */
    private final Sequence held = new Sequence();

    private Consumer() {}

    /**
     * Takes the next batch. One consumer at a time.
     *
     * @return null if there is none within the time, or if the thread was woken by {@link #wake}
     */
    public @Nullable Batch poll(long timeoutNanos) {
      if (!hasBatches() && !await(timeoutNanos)) {
        return null;
      }
      long before = taken.get();
      Slot slot = slots.get(before + 1);
      Batch batch = slot.batch;
      if (batch == null) {
        throw new IllegalStateException("a published slot without a batch at " + (before + 1));
      }
      slot.batch = null;
      if (held.get() == HOLDS_NOTHING) {
        held.setVolatile(before);
      }
      taken.setVolatile(before + slotsOf(batch));
      return batch;
    }

    /** Frees the slots of all batches that this consumer has taken. Its own thread only. */
    public void release() {
      held.setVolatile(HOLDS_NOTHING);
    }
  }
}
