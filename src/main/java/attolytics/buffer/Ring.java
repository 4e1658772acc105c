package attolytics.buffer;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.InsufficientCapacityException;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.Sequence;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The queue from the IO threads to the writers: a Disruptor ring with one slot per row, so that its
 * capacity is a number of rows. A batch atomically claims as many slots as it has rows, or none,
 * and is stored in the first of them. Slots stay occupied until the consumer that has taken their
 * batch releases them: the ring contains all that is accepted and not yet settled.
 *
 * <p>Each writer has a {@link Consumer} of its own. Only one of them at a time may poll; the
 * callers have to ensure that.
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

  /** Position of a consumer that holds no slots, which does not gate producers. */
  private static final long HOLDS_NOTHING = Long.MAX_VALUE;

  // The wait strategies of the ring are for its event processors. Writers poll instead: they hold
  // slots until the commit.
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
   * Hands a batch over to the writers. Any thread; does not block.
   *
   * @return false, with nothing changed, if not all of its rows fit
   */
  public boolean offer(Batch batch) {
    int rows = slotsOf(batch);
    long last;
    try {
      last = slots.tryNext(rows);
    } catch (InsufficientCapacityException full) {
      return false;
    }
    // Nothing can fail between the claim and the publication: the ring would stop for good.
    long first = last - rows + 1;
    slots.get(first).batch = batch;
    slots.publish(first); // the writer checks no other
    wakeWaiter();
    return true;
  }

  /**
   * Makes a waiting {@link Consumer#poll} return early, or the next one that would wait. Any
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

  /** Whether the ring contains a batch that has not been taken. Any thread. */
  public boolean hasBatches() {
    return slots.isAvailable(taken.get() + 1);
  }

  /**
   * Unparks the thread at the next offer, or at once if there is a batch, unless another thread
   * polls before that. Only while no thread polls.
   */
  public void unparkOnOffer(Thread thread) {
    waiter = thread;
    VarHandle.fullFence(); // as in await
    if (hasBatches()) {
      unparkWaiter();
    }
  }

  /** Whether the next offer unparks the thread. Any thread. */
  public boolean isToUnpark(Thread thread) {
    return waiter == thread;
  }

  private boolean await(long timeoutNanos) {
    try {
      return awaitUntil(clock.nanoTime() + timeoutNanos);
    } finally {
      waiter = null;
    }
  }

  private boolean awaitUntil(long deadline) {
    while (true) {
      waiter = Thread.currentThread();
      VarHandle.fullFence(); // pairs with offer's: one of the two sees what the other has written
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

  /** An empty batch needs a slot, too. */
  private static int slotsOf(Batch batch) {
    return Math.max(1, batch.rowCount());
  }

  /**
   * Takes batches for one writer and holds their slots until it {@link #release}s them.
   *
   * <p>A slot is free once it is taken and no consumer holds it. Producers read {@link #taken}
   * before the positions of the consumers, and a consumer sets its position before it advances
   * {@link #taken}, so that no slot looks free in between.
   */
  public final class Consumer {
    /** The slot before the first that is held, or {@link #HOLDS_NOTHING}. */
    private final Sequence held = new Sequence();

    private Consumer() {}

    /**
     * Takes the next batch. One consumer at a time.
     *
     * @return null after the timeout, or if the thread was woken by {@link #wake}
     */
    public @Nullable Batch poll(long timeoutNanos) {
      if (!hasBatches() && !await(timeoutNanos)) {
        return null;
      }
      long before = taken.get();
      Slot slot = slots.get(before + 1);
      Batch batch = Objects.requireNonNull(slot.batch, "a published slot without a batch");
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
