package attolytics.http;

import attolytics.buffer.Batch;
import attolytics.buffer.Ring;
import attolytics.decode.Decoder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What one IO thread has for itself: a decoder, memory that is used again, and the way back for
 * settled requests. Only {@link #settled} is for other threads.
 */
final class Lane {
  /** What is kept of batches that are not in use, lest a burst's memory stays. */
  private static final int MAX_SPARE_BYTES = 8 << 20;

  /** A batch or a buffer that grew past this is not kept. */
  private static final int MAX_KEPT_BYTES = 1 << 20;

  private static final int FIRST_BODY_BYTES = 64 << 10;

  private final Executor ioThread;
  private final int number;
  private final int maxBatchBytes;
  private final MessageDigest sha256 = sha256();
  private final Decoder decoder = new Decoder();
  private final ArrayDeque<Batch> spare = new ArrayDeque<>();
  private int spareBytes;
  private final Set<BodyReader> readers = new HashSet<>();
  private final byte[] body = new byte[FIRST_BODY_BYTES];

  // A stack of what writers have settled, linked through the requests themselves.
  private final AtomicReference<@Nullable IngestRequest> settled = new AtomicReference<>();
  private final Runnable answerSettled = this::answerSettled;

  /**
   * @param number the lane's, from 0
   */
  Lane(Executor ioThread, int number, int maxBatchBytes) {
    this.ioThread = ioThread;
    this.number = number;
    this.maxBatchBytes = maxBatchBytes;
  }

  Decoder decoder() {
    return decoder;
  }

  /** An empty batch. */
  Batch takeBatch() {
    Batch batch = spare.pollLast();
    if (batch == null) {
      return new Batch(maxBatchBytes);
    }
    spareBytes -= batch.rows().capacity();
    return batch;
  }

  /** Hands a batch over to a writer: to the lane's own if it has room, else to another. */
  boolean offer(Batch batch, List<Ring> rings) {
    for (int i = 0; i < rings.size(); i++) {
      if (rings.get((number + i) % rings.size()).offer(batch)) {
        return true;
      }
    }
    return false;
  }

  /** What tells this body from any other. */
  byte[] fingerprint(byte[] bytes, int length) {
    sha256.update(bytes, 0, length);
    return sha256.digest();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  /** Gives a batch back whose rows nobody needs any more. */
  void giveBack(Batch batch) {
    batch.clear();
    int bytes = batch.rows().capacity();
    if (bytes <= MAX_KEPT_BYTES && spareBytes + bytes <= MAX_SPARE_BYTES) {
      spareBytes += bytes;
      spare.addLast(batch);
    }
  }

  /** Memory for the body that is being read right now, and only until the IO thread moves on. */
  byte[] bodyBuffer() {
    return body;
  }

  /** Remembers a body that is still coming, so that its sender can be told of a stop. */
  void reading(BodyReader reader) {
    readers.add(reader);
  }

  void notReading(BodyReader reader) {
    readers.remove(reader);
  }

  /** Refuses the requests whose bodies are still coming. */
  void refuseUnread() {
    List.copyOf(readers).forEach(reader -> reader.refuse(Refusal.of(Problem.DRAINING, null)));
  }

  /** Hands a settled request to the IO thread, which answers it. Any thread. */
  void settled(IngestRequest request) {
    IngestRequest before;
    do {
      before = settled.get();
      request.nextSettled = before;
    } while (!settled.compareAndSet(before, request));
    if (before == null) {
      ioThread.execute(answerSettled); // else it is on its way already
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
