package attolytics.http.server;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import org.xnio.IoUtils;
import org.xnio.Option;
import org.xnio.StreamConnection;

/**
 * A connection whose socket is closed by a thread of the worker, not by the IO thread. After each
 * close an IO thread has XNIO look through up to a thousand other connections that are ready, which
 * takes most of its time if thousands are closed at once. Listeners are called as usual, by the
 * thread that calls {@link #close}.
 */
final class BackgroundCloseConnection extends StreamConnection {
  private final StreamConnection socket;

  BackgroundCloseConnection(StreamConnection socket) {
    super(socket.getIoThread());
    this.socket = socket;
    setSourceConduit(socket.getSourceChannel().getConduit());
    setSinkConduit(socket.getSinkChannel().getConduit());
    socket.setCloseListener(closed -> IoUtils.safeClose(this));
  }

  /** Nothing more is read. With both directions shut down, the IO thread would close the socket. */
  @Override
  protected void notifyReadClosed() {
    if (socket.isWriteShutdown()) {
      socket.getSourceChannel().suspendReads();
    } else {
      IoUtils.safeShutdownReads(socket.getSourceChannel());
    }
  }

  /** Leaves it to the close of the socket, likewise. */
  @Override
  protected void notifyWriteClosed() {}

  @Override
  protected void closeAction() {
    try {
      getWorker().execute(() -> IoUtils.safeClose(socket));
    } catch (RejectedExecutionException e) {
      IoUtils.safeClose(socket); // the port is closing
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
}
