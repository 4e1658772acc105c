package attolytics.database;

import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.sql.Connection;
import java.sql.SQLException;
import javax.net.SocketFactory;
import org.postgresql.core.BaseConnection;

/**
 * Makes the driver's sockets, of which {@link #abort} can close each, also with TLS: closing a TLS
 * socket waits for a write that blocks, unless the socket lingers; then for no longer than that.
 */
public final class AbortableSocketFactory extends SocketFactory {
  private static final int LINGER_SECONDS = 1;

  /** The driver calls it by reflection. */
  public AbortableSocketFactory() {}

  /**
   * Aborts a connection within some seconds, whatever another thread does with it. Any thread.
   *
   * @throws SQLException if it is closed, or closing it failed
   */
  public static void abort(Connection connection) throws SQLException {
    try {
      // Closing a TLS socket also reads. Not by the pool's connection, which would undo it.
      connection.unwrap(BaseConnection.class).setNetworkTimeout(Runnable::run, 1);
    } finally {
      connection.abort(Runnable::run);
    }
  }

  @Override
  public Socket createSocket() throws SocketException {
    Socket socket = new Socket();
    socket.setSoLinger(true, LINGER_SECONDS);
    return socket;
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw unsupported();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
    throw unsupported();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw unsupported();
  }

  @Override
  public Socket createSocket(
      InetAddress address, int port, InetAddress localAddress, int localPort) {
    throw unsupported();
  }

  private static UnsupportedOperationException unsupported() {
    return new UnsupportedOperationException("the driver connects its sockets itself");
  }
}
