package attolytics.flush;

import attolytics.buffer.Ack;
import attolytics.buffer.Batch;
import attolytics.buffer.Outcome;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All requests that a writer has taken and not settled, separate from the lists that it works with:
 * if it fails in the middle of that, out of memory for example, they are answered all the same.
 * Used by one thread.
 */
final class Unsettled {
  private static final Logger log = LoggerFactory.getLogger(Unsettled.class);

  private @Nullable Batch[] batches = new Batch[1024];

  // A batch that is settled may be in use for another request: the Ack identifies the request.
  private @Nullable Ack[] acks = new Ack[1024];
  private int size;

  /** Makes room for one more. If that fails, nothing has been taken yet. */
  void makeRoom() {
    if (size == batches.length) {
      Ack[] more = Arrays.copyOf(acks, 2 * size);
      batches = Arrays.copyOf(batches, 2 * size);
      acks = more;
    }
  }

  /** Adds one that there is room for. */
  void add(Batch batch) {
    batches[size] = batch;
    acks[size] = batch.ack();
    size++;
  }

  /** Forgets those that are settled. */
  void forgetSettled() {
    int left = 0;
    for (int i = 0; i < size; i++) {
      if (isWaiting(i)) {
        batches[left] = batches[i];
        acks[left] = acks[i];
        left++;
      }
    }
    forgetFrom(left);
  }

  /** Forgets all. */
  void clear() {
    forgetFrom(0);
  }

  /** Settles those that are not settled, and forgets all. Nothing is thrown. */
  void settle(Outcome outcome) {
    for (int i = 0; i < size; i++) {
      Batch batch = batches[i];
      if (batch != null && isWaiting(i)) {
        try {
          batch.settle(outcome);
        } catch (RuntimeException | Error e) {
          log.error("Cannot answer a request, whose outcome is {}", outcome.kind(), e);
        }
      }
    }
    clear();
  }

  private boolean isWaiting(int i) {
    Batch batch = batches[i];
    return batch != null && batch.ack() == acks[i];
  }

  private void forgetFrom(int from) {
    Arrays.fill(batches, from, size, null);
    Arrays.fill(acks, from, size, null);
    size = from;
  }
}
