package attolytics.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A keep-alive connection with one request at a time on its way. It has no memory of its own but
 * for what the socket does not take at once, so that thousands are cheap: the buffers are the
 * caller's.
 */
final class HttpConnection implements AutoCloseable {
  /** Room for an answer: the service's refusals are longer than its 200. */
  static final int MAX_ANSWER = 16 << 10;

  /** As far as the status: {@code HTTP/1.1 200}. */
  private static final int STATUS_LINE = 12;

  /** The end of the last header, and an empty line. */
  private static final int END_OF_HEADERS = 0x0D0A0D0A;

  /** What no other header of the service has: the end of {@code Content-Length}. */
  private static final int LENGTH_NAME = 'n' << 24 | 'g' << 16 | 't' << 8 | 'h';

  /** Where its value is from there: behind a colon and a space. */
  private static final int LENGTH_VALUE = Integer.BYTES + 2;

  private final SocketChannel channel;
  private final SelectionKey key;
  private volatile @Nullable ByteBuffer unsent;
  private byte @Nullable [] unread;
  private volatile int events;
  private volatile long sentNanos;

  HttpConnection(InetSocketAddress address, Selector selector) throws IOException {
    channel = SocketChannel.open(address);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.configureBlocking(false);
    key = channel.register(selector, SelectionKey.OP_READ, this);
  }

  /** Events of the request that is on its way. */
  int events() {
    return events;
  }

  /** When it was sent, or should have been, as {@link #send} was told. */
  long sentNanos() {
    return sentNanos;
  }

  /**
   * Sends a request; what the socket does not take now follows with {@link #ready}.
   *
   * @param requestEvents that it has
   * @param nanos when it was sent, or should have been
   */
  void send(ByteBuffer request, int requestEvents, long nanos) throws IOException {
    events = requestEvents;
    sentNanos = nanos;
    channel.write(request);
    if (request.hasRemaining()) {
      unsent = ByteBuffer.allocate(request.remaining()).put(request).flip();
      key.interestOps(SelectionKey.OP_WRITE);
      key.selector().wakeup();
    }
  }

  /**
   * To be called when the socket is ready.
   *
   * @param in {@link #MAX_ANSWER} bytes to work with
   * @return whether the request is answered, by a 200
   * @throws IOException if it is answered otherwise, or the connection is closed
   */
  boolean ready(ByteBuffer in) throws IOException {
    ByteBuffer rest = unsent;
    if (rest != null) {
      channel.write(rest);
      if (!rest.hasRemaining()) {
        unsent = null;
        key.interestOps(SelectionKey.OP_READ);
      }
      return false;
    }
    in.clear();
    if (unread != null) {
      in.put(unread);
      unread = null;
    }
    if (channel.read(in) < 0) {
      throw new IOException("the service closed a connection" + said(in));
    }
    boolean whole = isWhole(in);
    if (!whole) {
      unread = new byte[in.position()];
      in.get(0, unread);
    }
    return whole;
  }

  private static boolean isWhole(ByteBuffer in) throws IOException {
    int end = in.position();
    if (end < STATUS_LINE) {
      return false;
    }
    if (in.get(9) != '2' || in.get(10) != '0' || in.get(11) != '0') {
      throw new IOException("a request was refused" + said(in));
    }
    int length = 0;
    for (int at = STATUS_LINE; at + Integer.BYTES <= end; at++) {
      if (in.getInt(at) == END_OF_HEADERS) {
        return end == at + Integer.BYTES + length;
      }
      if (in.getInt(at) == LENGTH_NAME) {
        length = number(in, at + LENGTH_VALUE);
      }
    }
    return false;
  }

  /** If it is not complete yet, neither are the headers. */
  private static int number(ByteBuffer in, int from) {
    int number = 0;
    for (int at = from; at < in.position() && in.get(at) >= '0' && in.get(at) <= '9'; at++) {
      number = 10 * number + in.get(at) - '0';
    }
    return number;
  }

  private static String said(ByteBuffer in) {
    byte[] bytes = new byte[in.position()];
    in.get(0, bytes);
    return bytes.length == 0 ? "" : ":\n" + new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
