package attolytics.http.body;

import attolytics.http.problem.Refusal;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What one request reserves of the budget while its body is incomplete or waits for its turn: its
 * headers, and memory for the bytes that have arrived.
 */
final class BodyMemory {
  private static final byte[] NO_BYTES = {};

  private final BodyReader owner;
  private final PendingBodies pending;
  private byte[] bytes = NO_BYTES;
  private int length;
  private int reservedForBody;
  private int reservedForHead;

  BodyMemory(BodyReader owner, PendingBodies pending) {
    this.owner = owner;
    this.pending = pending;
  }

  /** The part of the body that has arrived, from 0 to {@link #length}. */
  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  /**
   * Reserves memory for the headers, or for what they take more than before.
   *
   * @return why the request is refused, or null if there is memory
   */
  @Nullable Refusal reserveHead(int headBytes) {
    if (headBytes > reservedForHead) {
      if (!pending.tryReserveHead(owner, headBytes - reservedForHead)) {
        return pending.noMemory(headBytes, length);
      }
      reservedForHead = headBytes;
    }
    return null;
  }

  /**
   * Appends a part of the body.
   *
   * @return why the request is refused, or null if the part is kept
   */
  @Nullable Refusal append(byte[] part, int count, int maxBody) {
    if (length + (long) count > maxBody) {
      return Refusal.bodyTooLarge(maxBody);
    }
    int needed = length + count;
    if (needed > bytes.length
        && !grow((int) Math.min(maxBody, Math.max(needed, 2L * bytes.length)))) {
      return pending.noMemory(reservedForHead, needed);
    }
    System.arraycopy(part, 0, bytes, length, count);
    length = needed;
    return null;
  }

  private boolean grow(int capacity) {
    if (!pending.tryReserveBody(owner, reservedForBody, capacity)) {
      return false;
    }
    reservedForBody = capacity; // before the copy, which can run out of heap
    bytes = Arrays.copyOf(bytes, capacity);
    return true;
  }

  void releaseBody() {
    if (reservedForBody > 0) {
      pending.releaseBody(reservedForBody);
      reservedForBody = 0;
    }
    bytes = NO_BYTES;
    length = 0;
  }

  void releaseHead() {
    if (reservedForHead > 0) {
      pending.releaseHead(reservedForHead);
      reservedForHead = 0;
    }
  }
}
