package attolytics.http.body;

import attolytics.http.problem.Problem;
import attolytics.http.problem.Refusal;
import attolytics.http.server.HeadSize;
import attolytics.http.server.RequestBytes;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpContinue;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.ChannelListener;
import org.xnio.channels.StreamSourceChannel;

/**
 * Reads a request's body on its IO thread, without blocking and within limits of size and time, and
 * delivers it decoded. Most bodies arrive together with their headers, and are read into a buffer
 * that the IO thread keeps; the others get memory of their own, which is reserved in the budget.
 *
 * <p>{@link BodyState} has the states and the transitions between them. A request that is refused
 * before its body has arrived is answered after the body, because a client that is still sending
 * would lose the answer. Its body is discarded, up to a limit. Longer than other files, so that all
 * transitions can be read in one place.
 */
public final class BodyReader implements ChannelListener<StreamSourceChannel> {
  private static final Logger log = LoggerFactory.getLogger(BodyReader.class);

  /** How much of a refused body is read before the connection is closed instead. */
  public static final long MAX_DISCARDED_BYTES = 64 << 20;

  /** How many bytes may be sent for one byte of a body: a chunk may be as small as that. */
  private static final long MAX_OVERHEAD = 8;

  /** Reads in a row, so that a fast sender does not keep the IO thread from other connections. */
  private static final int MAX_READS = 8;

  /**
   * A body longer than this, before or after decompression, waits until the IO thread has served
   * other connections.
   */
  private static final int LARGE = 64 << 10;

  private final HttpServerExchange exchange;
  private final BodyResources resources;
  private final int maxBody;
  private final boolean wanted;
  private final BodyReceiver receiver;
  private final @Nullable ChunkedBody chunks;
  private final StreamSourceChannel channel;
  private BodyState state = BodyState.NEW;
  private @Nullable Refusal refusal; // if set, the body is discarded
  private HttpContinue.@Nullable ContinueResponseSender continueResponse; // not sent yet
  private @Nullable BodyMemory memory; // of its own
  private long readBytes;
  private long sinceNanos = System.nanoTime(); // of reading, or of being queued

  /**
   * @param framing any but {@link Framing#INVALID}
   * @param wanted false if the body is to be discarded
   * @param refusal if the request is refused already, else null
   */
  public BodyReader(
      HttpServerExchange exchange,
      Framing framing,
      BodyResources resources,
      boolean wanted,
      @Nullable Refusal refusal,
      BodyReceiver receiver) {
    this.exchange = exchange;
    this.resources = resources;
    this.maxBody = resources.maxBody();
    this.wanted = wanted;
    this.refusal = refusal;
    this.receiver = receiver;
    if (framing == Framing.CHUNKED) {
      chunks = new ChunkedBody();
      channel = RequestBytes.openChunked(exchange);
    } else {
      chunks = null;
      channel = exchange.getRequestChannel();
    }
  }

  /** Reads what has arrived, and the rest when it arrives. */
  public void start() {
    expect(state == BodyState.NEW);
    state = BodyState.READING;
    try {
      if (HttpContinue.requiresContinueResponse(exchange)) {
        continueResponse = HttpContinue.createResponseSender(exchange);
      }
      readAvailable();
      if (state == BodyState.READING) {
        awaitRest();
      }
    } catch (IOException e) {
      refuse(incompleteOrMalformed());
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  /** Reads what has arrived. Does not throw: the request would never be answered. */
  @Override
  public void handleEvent(StreamSourceChannel readable) {
    try {
      expect(state == BodyState.WAITING);
      readAvailable();
    } catch (IOException e) {
      refuse(incompleteOrMalformed());
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  /** Refuses the request now, whether its body has arrived or not. */
  void refuse(Refusal reason) {
    expect(state == BodyState.READING || state == BodyState.WAITING || state == BodyState.QUEUED);
    finish(refusal == null ? reason : refusal, false);
  }

  /**
   * Refuses the request, unless its body has arrived by now: the process may have been stopped, and
   * only notices that the time is over before it sees what was sent in time. That may be more than
   * is read in a row, but not more than a body that is to be kept.
   */
  void refuseUnlessArrived(Refusal reason) {
    long limit = readBytes + MAX_OVERHEAD * maxBody;
    long before;
    do {
      before = readBytes;
      handleEvent(channel);
    } while (state == BodyState.WAITING
        && refusal == null
        && readBytes > before
        && readBytes < limit);
    if (state == BodyState.WAITING) {
      refuse(reason);
    }
  }

  /** Delivers a large body. */
  void takeTurn() {
    expect(state == BodyState.QUEUED);
    try {
      BodyMemory body = memory();
      tryDeliver(body.bytes(), body.length(), maxBody); // with this limit it always does
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  /** How long the body has taken to arrive, or has been queued since. */
  long ageNanos() {
    return System.nanoTime() - sinceNanos;
  }

  private void expect(boolean expected) {
    if (!expected) {
      throw new IllegalStateException("unexpected in state " + state);
    }
  }

  private void enter(BodyState next) {
    if (state == BodyState.WAITING) {
      resources.pending().remove(this);
      channel.getReadSetter().set(null);
      channel.suspendReads();
    }
    state = next;
  }

  /** While the IO thread serves other connections, the headers take memory, too. */
  private void awaitRest() {
    Refusal noMemory = memory().reserveHead(HeadSize.of(exchange));
    if (noMemory != null) {
      Refusal reason = refusal == null ? noMemory : refusal;
      discard(reason);
      receiver.refusedBeforeBody(reason);
    }
    enter(BodyState.WAITING);
    resources.pending().add(this);
    channel.getReadSetter().set(this);
    channel.resumeReads();
  }

  private void readAvailable() throws IOException {
    if (continueResponse != null && !continueResponse.send()) {
      return;
    }
    continueResponse = null;
    ByteBuffer buffer = resources.buffer();
    buffer.clear();
    for (int reads = 0; reads < MAX_READS; reads++) {
      int from = buffer.position();
      int count = channel.read(buffer);
      if (count == 0) {
        keep(buffer);
        return;
      }
      if (ended(buffer, from, count)) {
        complete(buffer);
        return;
      }
      readBytes += count;
      if (readBytes > MAX_DISCARDED_BYTES + MAX_OVERHEAD * maxBody) {
        refuse(Refusal.bodyTooLarge(maxBody));
        return;
      }
      if (!buffer.hasRemaining()) {
        keep(buffer);
      }
    }
    keep(buffer);
    if (state == BodyState.WAITING) {
      channel.resumeReads(); // Undertow suspends them when only the end of the body is left
    }
  }

  /** Removes chunk headers from what was read; true at the end of the body. */
  private boolean ended(ByteBuffer buffer, int from, int count) throws IOException {
    if (chunks == null) {
      return count < 0;
    }
    if (count < 0) {
      throw new IOException("connection closed within a chunked body");
    }
    byte[] bytes = resources.bufferBytes();
    int to = from + count;
    buffer.position(from + chunks.decode(bytes, from, to));
    if (!chunks.ended()) {
      return false;
    }
    RequestBytes.endChunked(exchange, bytes, chunks.consumed(), to);
    return true;
  }

  /** Copies what was read out of the buffer, which the next reader overwrites. */
  private void keep(ByteBuffer buffer) {
    int count = buffer.position();
    if (wanted && refusal == null && count > 0) {
      Refusal noRoom = memory().append(resources.bufferBytes(), count, maxBody);
      if (noRoom != null) {
        discard(noRoom);
      }
    }
    buffer.clear();
  }

  private void discard(Refusal reason) {
    refusal = reason;
    if (memory != null) {
      memory.releaseBody();
    }
  }

  /** The whole body has arrived, its last part (or all of it) in the buffer. */
  private void complete(ByteBuffer buffer) {
    boolean inBuffer = keptBytes() == 0 && buffer.position() <= maxBody;
    if (!inBuffer) {
      keep(buffer);
    }
    byte[] bytes = inBuffer || memory == null ? resources.bufferBytes() : memory.bytes();
    int length = inBuffer ? buffer.position() : keptBytes();
    if (refusal == null && length <= LARGE && tryDeliver(bytes, length, Math.min(LARGE, maxBody))) {
      return;
    }
    keep(buffer);
    Refusal noMemory = refusal == null ? memory().reserveHead(HeadSize.of(exchange)) : refusal;
    if (noMemory == null) {
      enter(BodyState.QUEUED);
      sinceNanos = System.nanoTime();
      resources.pending().queue(this);
    } else {
      finish(noMemory, true);
    }
  }

  private int keptBytes() {
    return memory == null ? 0 : memory.length();
  }

  private BodyMemory memory() {
    if (memory == null) {
      memory = new BodyMemory(this, resources.pending());
    }
    return memory;
  }

  /**
   * Decompresses and delivers the complete body, or refuses it.
   *
   * @param limit if the decompressed body is longer, nothing happens, unless none may be longer
   * @return whether the receiver was called
   */
  private boolean tryDeliver(byte[] bytes, int length, int limit) {
    if (!wanted || !ContentEncoding.isGzip(exchange.getRequestHeaders())) {
      deliver(bytes, length);
      return true;
    }
    Gzip gzip = resources.gzip();
    try {
      int inflated = gzip.inflate(bytes, length, limit);
      if (inflated <= limit) {
        deliver(gzip.bytes(), inflated);
      } else if (limit == maxBody) {
        finish(Refusal.bodyTooLarge(maxBody), true);
      } else {
        return false;
      }
    } catch (IOException e) {
      finish(Refusal.of(Problem.MALFORMED_BODY, "the body is not gzip, or incomplete"), true);
    } finally {
      gzip.forget();
    }
    return true;
  }

  private void deliver(byte[] bytes, int length) {
    enter(BodyState.DONE);
    if (memory != null) {
      memory.releaseHead(); // the receiver reserves it from here on
    }
    try {
      receiver.received(bytes, length);
    } finally {
      releaseMemory();
    }
  }

  private void finish(Refusal reason, boolean complete) {
    enter(BodyState.DONE);
    releaseMemory();
    receiver.refused(reason, complete);
  }

  private void fail(Throwable cause) {
    if (state == BodyState.DONE) {
      log.error("internal error after a request's body was delivered", cause);
      return;
    }
    enter(BodyState.DONE);
    releaseMemory();
    receiver.failed(cause);
  }

  private void releaseMemory() {
    if (memory != null) {
      memory.releaseHead();
      memory.releaseBody();
    }
  }

  private static Refusal incompleteOrMalformed() {
    return Refusal.of(Problem.MALFORMED_BODY, "the body is incomplete or wrongly chunked");
  }
}
