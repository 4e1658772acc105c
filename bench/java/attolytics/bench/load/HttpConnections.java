package attolytics.bench.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;

/** Connections to one server, and the selector that they share. */
public final class HttpConnections implements AutoCloseable {
  private final Selector selector = Selector.open();
  private final List<HttpConnection> all = new ArrayList<>();

  HttpConnections(InetSocketAddress address, int count) throws IOException {
    boolean complete = false;
    try {
      for (int i = 0; i < count; i++) {
        all.add(new HttpConnection(address, selector));
      }
      complete = true;
    } finally {
      if (!complete) {
        close();
      }
    }
  }

  /** A port of the loopback address. */
  public static InetSocketAddress local(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  Selector selector() {
    return selector;
  }

  List<HttpConnection> all() {
    return all;
  }

  @Override
  public void close() throws IOException {
    for (HttpConnection connection : all) {
      connection.close();
    }
    selector.close();
  }
}
