package attolytics.http;

import io.undertow.conduits.ReadDataStreamSourceConduit;
import io.undertow.server.Connectors;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpContinue;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.util.ImmediatePooledByteBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.xnio.ChannelListener;
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
  /** Takes the body, or learns why there is none. */
  interface Receiver {
    /**
     * The whole body is there.
     *
     * @param bytes the body from 0 to {@code length}, valid during the call only
     * @param inTurn whether others have had their turn, so that it may take its time
     * @return false if it takes more than {@link #LARGE} bytes' time, and it is not its turn: then
     *     nothing has happened, and it is called again
     */
    boolean received(byte[] bytes, int length, boolean inTurn);

    /**
     * The request cannot be taken.
     *
     * @param complete whether the body was read to its end, so that the connection can go on
     */
    void refused(Refusal refusal, boolean complete);

    /**
     * The request cannot be taken, and has to be told so at once: there is no memory for its head
     * as long as its body is on its way. {@link #refused} is called in the end all the same.
     */
    void refusedEarly(Refusal refusal);

    /** The service itself has failed, in reading or in one of the other two methods. */
    void failed(Throwable cause);
  }

  /** How much of a refused body is read before the connection is closed instead. */
  private static final long MAX_DISCARDED_BYTES = 64 << 20;

  /** How many bytes may be sent for one of a body: chunks may be as small as one. */
  private static final long MAX_OVERHEAD = 8;

  /** Reads in a row, lest a fast sender keeps the thread from all others. */
  private static final int MAX_READS = 8;

  /**
   * A body longer than this, before or after decompression, waits until the other connections have
   * been looked after.
   */
  static final int LARGE = 64 << 10;

  private static final byte[] NOTHING = {};

  private final HttpServerExchange exchange;
  private final Lane lane;
  private final int maxBody;
  private final Receiver receiver;
  private final boolean wanted;
  private final @Nullable ChunkedBody chunks;
  private final StreamSourceChannel channel;
  private final long startNanos = System.nanoTime();
  private HttpContinue.@Nullable ContinueResponseSender invitation;
  private byte[] own = NOTHING;
  private int ownLength;
  private int reserved; // for the body
  private int headReserved;
  private long readBytes;
  private long arrivedNanos;
  private @Nullable Refusal refusal;
  private boolean waiting; // for more of the body
  private boolean stopped; // reading
  private boolean finished; // and the receiver told

  /**
   * @param framing one that can be read
   * @param wanted false if the body is only to be skipped
   * @param refusal if the request is refused already, else null
   */
  BodyReader(
      HttpServerExchange exchange,
      Framing framing,
      Lane lane,
      int maxBody,
      boolean wanted,
      @Nullable Refusal refusal,
      Receiver receiver) {
    this.exchange = exchange;
    this.lane = lane;
    this.maxBody = maxBody;
    this.wanted = wanted;
    this.refusal = refusal;
    this.receiver = receiver;
    if (framing == Framing.CHUNKED) {
      chunks = new ChunkedBody();
      // Undertow's own reading of chunks takes what is no size for 0, and closes the connection
      // rather than have a client told what is wrong.
      exchange.addRequestWrapper((undertows, same) -> rawConduit(same));
    } else {
      chunks = null;
    }
    channel = exchange.getRequestChannel();
  }

  private static ReadDataStreamSourceConduit rawConduit(HttpServerExchange exchange) {
    HttpServerConnection connection = (HttpServerConnection) exchange.getConnection();
    return new ReadDataStreamSourceConduit(connection.getOriginalSourceConduit(), connection);
  }

  /** Reads what is there, and the rest as it comes. */
  void start() {
    if (HttpContinue.requiresContinueResponse(exchange)) {
      try {
        invitation = HttpContinue.createResponseSender(exchange);
      } catch (IOException e) {
        refuse(cutShort());
        return;
      }
    }
    handleEvent(channel);
    if (!stopped) {
      try {
        awaitBody();
      } catch (RuntimeException | Error e) {
        failed(e);
      }
    }
  }

  /** From here on the request's head, too, takes memory while others are served. */
  private void awaitBody() {
    if (!reserveHead()) {
      receiver.refusedEarly(Objects.requireNonNull(refusal));
    }
    waiting = true;
    lane.uploads().add(this);
    channel.getReadSetter().set(this);
    channel.resumeReads();
  }

  /** If there is no memory for it, the request is refused, unless it is already. */
  private boolean reserveHead() {
    if (headReserved > 0) {
      return true;
    }
    int headBytes = HeadSize.of(exchange);
    if (lane.uploads().tryReserveHead(this, headBytes)) {
      headReserved = headBytes;
      return true;
    }
    giveUp(refusal == null ? lane.uploads().noMemory(headBytes, ownLength) : refusal);
    return false;
  }

  /** Reads what is there. Nothing may be thrown: nobody would answer the request any more. */
  @Override
  public void handleEvent(StreamSourceChannel readable) {
    try {
      if (invitation == null || invitation.send()) {
        invitation = null;
        read();
      }
    } catch (IOException e) {
      refuse(cutShort());
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  private void failed(Throwable cause) {
    finished = true;
    stopReading();
    releaseHead();
    release();
    receiver.failed(cause);
  }

  private static Refusal cutShort() {
    return Refusal.of(Problem.MALFORMED_BODY, "the body is cut short or wrongly chunked");
  }

  /** How long the body has been on its way. */
  long ageNanos() {
    return System.nanoTime() - startNanos;
  }

  /** Reads what is there, if it is not too much at a time. */
  private void read() throws IOException {
    ByteBuffer buffer = lane.bodyBuffer();
    buffer.clear();
    for (int reads = 0; reads < MAX_READS; reads++) {
      int from = buffer.position();
      int count = channel.read(buffer);
      if (count == 0) {
        keep(buffer);
        return;
      }
      if (ended(buffer, from, count)) {
        finishWith(buffer);
        return;
      }
      readBytes += count;
      if (readBytes > MAX_DISCARDED_BYTES + MAX_OVERHEAD * maxBody) {
        refuse(tooLarge(maxBody));
        return;
      }
      if (!buffer.hasRemaining()) {
        keep(buffer);
      }
    }
    keep(buffer);
    if (waiting) {
      channel.resumeReads(); // where nothing but the end is left, Undertow has suspended them
    }
  }

  /** Takes what was read for a part of the body, or for its end. */
  private boolean ended(ByteBuffer buffer, int from, int count) throws IOException {
    if (chunks == null) {
      return count < 0;
    }
    if (count < 0) {
      throw new IOException("ended within a chunk");
    }
    int to = from + count;
    buffer.position(from + chunks.decode(lane.bodyBytes(), from, to));
    if (!chunks.ended()) {
      return false;
    }
    handBack(lane.bodyBytes(), chunks.consumed(), to);
    Connectors.terminateRequest(exchange);
    return true;
  }

  /** What stands behind the body belongs to the connection's next request. */
  private void handBack(byte[] bytes, int from, int to) {
    if (from < to) {
      ByteBuffer rest = ByteBuffer.wrap(Arrays.copyOfRange(bytes, from, to));
      ((HttpServerConnection) exchange.getConnection())
          .ungetRequestBytes(new ImmediatePooledByteBuffer(rest));
    }
  }

  /** The thread's buffer is for whoever reads next: what came moves to memory of its own. */
  private void keep(ByteBuffer buffer) {
    int count = buffer.position();
    if (wanted && refusal == null && count > 0) {
      if (ownLength + (long) count > maxBody) {
        giveUp(tooLarge(maxBody));
      } else if (makeRoom(ownLength + count)) {
        System.arraycopy(lane.bodyBytes(), 0, own, ownLength, count);
        ownLength += count;
      } else {
        giveUp(lane.uploads().noMemory(headReserved, ownLength + count));
      }
    }
    buffer.clear();
  }

  private boolean makeRoom(int needed) {
    if (needed <= own.length) {
      return true;
    }
    int larger = (int) Math.min(maxBody, Math.max(needed, 2L * own.length));
    if (!lane.uploads().tryReserve(this, reserved, larger)) {
      return false;
    }
    reserved = larger;
    own = Arrays.copyOf(own, larger);
    return true;
  }

  /** The request is refused once its body has come, and the body is not kept. */
  private void giveUp(Refusal reason) {
    refusal = reason;
    release();
  }

  private void releaseHead() {
    if (headReserved > 0) {
      lane.uploads().releaseHead(headReserved);
      headReserved = 0;
    }
  }

  private void release() {
    if (reserved > 0) {
      own = NOTHING;
      ownLength = 0;
      lane.uploads().release(reserved);
      reserved = 0;
    }
  }

  static Refusal tooLargeForBuffer() {
    return Refusal.of(
        Problem.BODY_TOO_LARGE, "its headers and body need more memory than the buffer has");
  }

  static Refusal tooLarge(int maxBody) {
    return Refusal.of(
        Problem.BODY_TOO_LARGE,
        "a body may have " + maxBody + " bytes, before and after decompression");
  }

  /** Ends the reading here and now, unless it has ended. */
  void refuse(Refusal reason) {
    if (!finished) {
      if (refusal == null) {
        refusal = reason;
      }
      finish(false, NOTHING, 0, false);
    }
  }

  private void finishWith(ByteBuffer buffer) {
    stopReading();
    if (own == NOTHING && buffer.position() <= maxBody) {
      finish(true, lane.bodyBytes(), buffer.position(), false);
    } else {
      keep(buffer);
      if (ownLength <= LARGE) {
        finish(true, own, ownLength, false);
      }
    }
    if (!finished) {
      keep(buffer); // if it is not kept yet
      waitForTurn();
    }
  }

  private void waitForTurn() {
    if (refusal == null && reserveHead()) {
      arrivedNanos = System.nanoTime();
      lane.uploads().inTurn(this);
    } else {
      deliver();
    }
  }

  /** How long the whole body has waited to be taken. */
  long waitedNanos() {
    return System.nanoTime() - arrivedNanos;
  }

  /** Hands the whole body over, unless it is refused by now. */
  void deliver() {
    if (!finished) {
      finish(true, own, ownLength, true);
    }
  }

  private void finish(boolean complete, byte[] bytes, int length, boolean inTurn) {
    finished = true;
    stopReading();
    releaseHead(); // from here on it is charged to whoever goes on with the request
    try {
      if (refusal != null) {
        receiver.refused(refusal, complete);
      } else {
        finished = receiver.received(bytes, length, inTurn);
      }
    } catch (RuntimeException | Error e) {
      receiver.failed(e);
    } finally {
      if (finished) {
        release();
      }
    }
  }

  private void stopReading() {
    if (waiting) {
      waiting = false;
      lane.uploads().remove(this);
      channel.getReadSetter().set(null);
      channel.suspendReads();
    }
    stopped = true;
  }
}
