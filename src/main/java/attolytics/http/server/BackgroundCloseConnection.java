package attolytics.http.server;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.RejectedExecutionException;
import org.xnio.IoUtils;
import org.xnio.Option;
import org.xnio.StreamConnection;
import org.xnio.channels.StreamSinkChannel;
import org.xnio.conduits.AbstractStreamSinkConduit;
import org.xnio.conduits.AbstractStreamSourceConduit;
import org.xnio.conduits.StreamSinkConduit;
import org.xnio.conduits.StreamSourceConduit;

/**
 * A connection whose {@link #close} leaves the socket to a thread of the worker. On an IO thread
 * XNIO looks, at each close of a socket, through up to a thousand others that are ready, which
 * takes half of its time if thousands are closed at once. Listeners are called as usual, by the
 * thread that calls {@code close}. A socket that both sides have shut down is still closed by its
 * IO thread.
 */
final class BackgroundCloseConnection extends StreamConnection {
  /**
   * How many closes of an IO thread it takes until one is its own. By that its selector forgets the
   * sockets of the others, too, without which they stay open; a thread that accepts connections
   * without a pause selects nothing else.
   */
  static final int CLOSES_PER_SELECT = 32;

  private static final ThreadLocal<int[]> closes = ThreadLocal.withInitial(() -> new int[1]);

  private final StreamConnection socket;

  BackgroundCloseConnection(StreamConnection socket) {
    super(socket.getIoThread());
    this.socket = socket;
    setSourceConduit(new Source(socket.getSourceChannel().getConduit()));
    setSinkConduit(new Sink(socket.getSinkChannel().getConduit()));
    socket.setCloseListener(closed -> IoUtils.safeClose(this));
  }

  /** Suspends them, too: the conduits above may keep the end of a body from the socket. */
  @Override
  protected void notifyReadClosed() {
    super.notifyReadClosed();
    socket.getSourceChannel().suspendReads();
  }

  @Override
  protected void notifyWriteClosed() {
    super.notifyWriteClosed();
    socket.getSinkChannel().suspendWrites();
  }

  @Override
  protected void closeAction() {
    boolean handedOver = false;
    try {
      if (++closes.get()[0] % CLOSES_PER_SELECT != 0) {
        getWorker().execute(() -> IoUtils.safeClose(socket));
        handedOver = true;
      }
    } catch (RejectedExecutionException e) {
      // The port is closing.
    } finally {
      if (!handedOver) {
        IoUtils.safeClose(socket);
      }
    }
  }

  @Override
  public SocketAddress getPeerAddress() {
    return socket.getPeerAddress();
  }

  @Override
  public SocketAddress getLocalAddress() {
    return socket.getLocalAddress();
  }

  @Override
  public boolean supportsOption(Option<?> option) {
    return socket.supportsOption(option);
  }

  @Override
  public <T> T getOption(Option<T> option) throws IOException {
    return socket.getOption(option);
  }

  @Override
  public <T> T setOption(Option<T> option, T value) throws IOException {
    return socket.setOption(option, value);
  }

  /**
   * At its end as soon as the connection is closed, although the socket may still have something.
   * The socket is not shut down then: after both directions, this thread would close it.
   */
  private final class Source extends AbstractStreamSourceConduit<StreamSourceConduit> {
    Source(StreamSourceConduit socket) {
      super(socket);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      return isOpen() ? next.read(target) : -1;
    }

    @Override
    public long read(ByteBuffer[] targets, int from, int count) throws IOException {
      return isOpen() ? next.read(targets, from, count) : -1;
    }

    @Override
    public long transferTo(long position, long count, FileChannel target) throws IOException {
      return isOpen() ? next.transferTo(position, count, target) : -1;
    }

    @Override
    public long transferTo(long count, ByteBuffer throughBuffer, StreamSinkChannel target)
        throws IOException {
      return isOpen() ? next.transferTo(count, throughBuffer, target) : -1;
    }

    @Override
    public void terminateReads() throws IOException {
      if (isOpen()) {
        next.terminateReads();
      }
    }

    @Override
    public boolean isReadShutdown() {
      return !isOpen() || next.isReadShutdown();
    }

    @Override
    public void resumeReads() {
      if (isOpen()) {
        next.resumeReads();
      }
    }

    @Override
    public void wakeupReads() {
      if (isOpen()) {
        next.wakeupReads();
      }
    }
  }

  /** Does not shut down the socket once the connection is closed, likewise. */
  private final class Sink extends AbstractStreamSinkConduit<StreamSinkConduit> {
    Sink(StreamSinkConduit socket) {
      super(socket);
    }

    @Override
    public void terminateWrites() throws IOException {
      if (isOpen()) {
        next.terminateWrites();
      }
    }

    @Override
    public void truncateWrites() throws IOException {
      if (isOpen()) {
        next.truncateWrites();
      }
    }
  }
}
