package attolytics.http;

import attolytics.buffer.Batch;
import attolytics.buffer.Budget;
import attolytics.buffer.Ring;
import attolytics.decode.Decoder;
import attolytics.http.body.BodyResources;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.XnioIoThread;

/**
 * What one IO thread has for its requests: a decoder, memory that is reused, the bodies that are
 * being read, and the queue of settled requests. For that thread only, except {@link #settled}.
 */
final class IoThreadContext {
  private static final Logger log = LoggerFactory.getLogger(IoThreadContext.class);

  /** Limit on unused batches that are kept, so that the memory of a burst is freed. */
  private static final int MAX_SPARE_BYTES = 8 << 20;

  /** The part of the buffer that all IO threads may keep in unused batches, outside the budget. */
  private static final int SPARE_PART = 4;

  /** Batches are kept by the power of two of their capacity, from 1 KiB to 1 MiB. */
  private static final int SMALLEST = 10;

  private static final int LARGEST = 20;

  private final XnioIoThread ioThread;
  private final Ring ring;
  private final Budget budget;
  private final int maxBatchBytes;
  private final long maxSpareBytes;
  private final BodyResources bodies;
  private final MessageDigest sha256 = sha256();
  private final Decoder decoder;
  private final ArrayDeque<Batch>[] spare = stacks();
  private int spareBytes;

  // A stack of requests that writers have settled, linked through the requests themselves.
  private final AtomicReference<@Nullable IngestRequest> settled = new AtomicReference<>();
  private final Runnable answerSettled = this::answerSettled;
  private volatile boolean notScheduled; // there was no memory for the task that answers them

  IoThreadContext(XnioIoThread ioThread, IngestContext ingest) {
    this.ioThread = ioThread;
    this.ring = ingest.ring();
    this.budget = ingest.budget();
    this.decoder = new Decoder(ingest.clock());
    long besidesBody = budget.capacity() - ingest.limits().maxBody();
    int ioThreads = ioThread.getWorker().getIoThreadCount();
    this.maxSpareBytes = Math.min(MAX_SPARE_BYTES, budget.capacity() / SPARE_PART / ioThreads);
    this.maxBatchBytes = (int) Math.min(besidesBody, Integer.MAX_VALUE - 8);
    this.bodies =
        new BodyResources(
            ioThread, ingest.limits(), budget, ingest.bodyBudget(), ingest.largeBodies());
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static ArrayDeque<Batch>[] stacks() {
    ArrayDeque<Batch>[] stacks = new ArrayDeque[LARGEST + 1];
    for (int i = SMALLEST; i <= LARGEST; i++) {
      stacks[i] = new ArrayDeque<>();
    }
    return stacks;
  }

  /** Has the IO thread run a task. Any thread. */
  void execute(Runnable task) {
    ioThread.execute(task);
  }

  Decoder decoder() {
    return decoder;
  }

  BodyResources bodies() {
    return bodies;
  }

  /**
   * An empty batch with a capacity that fits a body: its rows are about as long.
   *
   * @param headBytes what the request holds besides its body until it is answered
   * @return null if the budget is exhausted
   */
  @Nullable Batch takeBatch(int bodyLength, int headBytes) {
    int power = power(bodyLength);
    Batch batch = spare[power].pollLast();
    if (batch == null) {
      batch = new Batch(1 << power, maxBatchBytes, budget);
    } else {
      spareBytes -= batch.heapBytes();
    }
    if (batch.reserve(headBytes)) {
      return batch;
    }
    keep(batch);
    return null;
  }

  /** By size: otherwise small requests would occupy the memory of large ones. */
  private static int power(int bodyLength) {
    int power = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(bodyLength, 1) - 1);
    return Math.min(Math.max(power, SMALLEST), LARGEST);
  }

  /** Whether {@link #takeBatch} returns null even if no memory is reserved. */
  boolean isTooLarge(int bodyLength, int headBytes) {
    return Batch.OVERHEAD_BYTES + (1L << power(bodyLength)) + headBytes > maxBatchBytes;
  }

  /** Takes back a batch whose rows are not needed any more. */
  void giveBack(Batch batch) {
    batch.release();
    keep(batch);
  }

  private void keep(Batch batch) {
    int bytes = batch.heapBytes();
    int power = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(batch.rows().capacity());
    if (power >= SMALLEST && power <= LARGEST && spareBytes + bytes <= maxSpareBytes) {
      spareBytes += bytes;
      spare[power].addLast(batch);
    }
  }

  /** Hands a batch over to the writers; false if the ring is full. */
  boolean offer(Batch batch) {
    return ring.offer(batch);
  }

  /** A cryptographic hash of the body and of what the client prefers. */
  byte[] fingerprint(byte[] bytes, int length, @Nullable Preference preference) {
    sha256.update(bytes, 0, length);
    if (preference == Preference.LENIENT) {
      sha256.update((byte) 0); // no body ends with it
    }
    return sha256.digest();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  /** Hands a settled request to the IO thread, which answers it. Any thread. */
  void settled(IngestRequest request) {
    IngestRequest before;
    do {
      before = settled.get();
      request.nextSettled = before;
    } while (!settled.compareAndSet(before, request));
    if (before == null || notScheduled) { // otherwise it is scheduled already
      try {
        ioThread.execute(answerSettled);
        notScheduled = false;
      } catch (RejectedExecutionException e) {
        log.debug("Cannot answer: the port is closed", e);
      } catch (OutOfMemoryError e) {
        notScheduled = true;
        throw e;
      }
    }
  }

  private void answerSettled() {
    IngestRequest request = settled.getAndSet(null);
    while (request != null) {
      IngestRequest next = request.nextSettled;
      request.nextSettled = null;
      request.answerSettled();
      request = next;
    }
  }
}
