package attolytics.http;

import attolytics.buffer.Budget;
import io.undertow.server.HttpServerExchange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.ChannelListener;
import org.xnio.XnioExecutor;
import org.xnio.channels.StreamSourceChannel;

/**
 * Reads a request's body on its IO thread, without blocking and within bounds of size and time.
 * Most bodies are there already when the headers are, and are read into memory that the thread
 * keeps; the others get memory of their own, out of the budget.
 *
 * <p>A client that is refused before its body is read gets the answer after the body, so that it
 * does not lose it while still sending; but only so much is read for nothing.
 */
final class BodyReader implements ChannelListener<StreamSourceChannel> {
  /** Takes the body, or learns why there is none: one of the two, once. */
  interface Receiver {
    /**
     * The whole body is there.
     *
     * @param bytes the body from 0 to {@code length}, valid during the call only
     */
    void received(byte[] bytes, int length);

    /**
     * The request cannot be taken.
     *
     * @param complete whether the body was read to its end, so that the connection can go on
     */
    void refused(Refusal refusal, boolean complete);
  }

  /** How much of a refused body is read before the connection is closed instead. */
  private static final long MAX_DISCARDED_BYTES = 64 << 20;

  private final HttpServerExchange exchange;
  private final Lane lane;
  private final Limits limits;
  private final Budget budget;
  private final Receiver receiver;
  private final StreamSourceChannel channel;
  private byte[] bytes;
  private int length;
  private int reserved;
  private long discarded;
  private @Nullable Refusal refusal;
  private XnioExecutor.@Nullable Key deadline;

  /**
   * @param refusal if the request is refused already and the body only to be skipped, else null
   */
  BodyReader(
      HttpServerExchange exchange,
      Lane lane,
      Limits limits,
      Budget budget,
      @Nullable Refusal refusal,
      Receiver receiver) {
    this.exchange = exchange;
    this.lane = lane;
    this.limits = limits;
    this.budget = budget;
    this.refusal = refusal;
    this.receiver = receiver;
    this.bytes = lane.bodyBuffer();
    this.channel = exchange.getRequestChannel();
  }

  /** Reads what is there, and the rest as it comes. */
  void start() {
    if (!read()) {
      leaveLaneBuffer();
      deadline =
          exchange
              .getIoThread()
              .executeAfter(this::tooSlow, limits.bodyTimeout().toMillis(), TimeUnit.MILLISECONDS);
      lane.reading(this);
      channel.getReadSetter().set(this);
      channel.resumeReads();
    }
  }

  @Override
  public void handleEvent(StreamSourceChannel readable) {
    read();
  }

  /** False if there is more to come. */
  private boolean read() {
    try {
      while (true) {
        int count = channel.read(space());
        if (count == 0) {
          return false;
        }
        if (count < 0) {
          finish(true);
          return true;
        }
        if (refusal == null) {
          length += count;
        } else {
          discarded += count;
          if (discarded > MAX_DISCARDED_BYTES) {
            finish(false);
            return true;
          }
        }
      }
    } catch (IOException e) {
      refuse(Refusal.of(Problem.MALFORMED_BODY, "the body is cut short or wrongly chunked"));
      return true;
    }
  }

  /** Where the next bytes go; when there is no room for them, the request is refused. */
  private ByteBuffer space() {
    if (refusal == null && length == bytes.length) {
      // One byte more than may come, to see whether it does.
      int larger = (int) Math.min(2L * length, limits.maxBody() + 1L);
      if (length > limits.maxBody()) {
        refusal = tooLarge(limits);
      } else if (own(larger)) {
        bytes = Arrays.copyOf(bytes, larger);
      } else {
        refusal = Refusal.of(Problem.BUFFER_FULL, null);
      }
    }
    return refusal == null
        ? ByteBuffer.wrap(bytes, length, bytes.length - length)
        : ByteBuffer.wrap(lane.bodyBuffer()); // nobody will look at it
  }

  static Refusal tooLarge(Limits limits) {
    return Refusal.of(
        Problem.BODY_TOO_LARGE,
        "a body may have " + limits.maxBody() + " bytes, before and after decompression");
  }

  /** The lane's buffer is for whoever reads next: what came so far moves to memory of its own. */
  private void leaveLaneBuffer() {
    int size = Math.max(1024, 2 * length);
    if (refusal == null && bytes == lane.bodyBuffer()) {
      if (own(size)) {
        bytes = Arrays.copyOf(bytes, size);
      } else {
        refusal = Refusal.of(Problem.BUFFER_FULL, null);
      }
    }
  }

  private boolean own(int size) {
    boolean granted = budget.tryReserve(size - reserved);
    if (granted) {
      reserved = size;
    }
    return granted;
  }

  private void tooSlow() {
    deadline = null;
    refuse(
        Refusal.of(
            Problem.BODY_TOO_SLOW,
            "a body has to arrive within " + limits.bodyTimeout().toSeconds() + " seconds"));
  }

  /** Ends the reading here and now, unless it has ended. */
  void refuse(Refusal reason) {
    if (refusal == null) {
      refusal = reason;
    }
    finish(false);
  }

  private void finish(boolean complete) {
    lane.notReading(this);
    if (deadline != null) {
      deadline.remove();
      deadline = null;
    }
    channel.getReadSetter().set(null);
    channel.suspendReads();
    try {
      if (refusal != null) {
        receiver.refused(refusal, complete);
      } else if (length > limits.maxBody()) {
        receiver.refused(tooLarge(limits), complete);
      } else {
        receiver.received(bytes, length);
      }
    } finally {
      budget.release(reserved);
      reserved = 0;
    }
  }
}
