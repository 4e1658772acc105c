package attolytics.bench;

import java.io.IOException;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;

/** Connections to one port of the loopback address, and the selector that they share. */
final class HttpConnections implements AutoCloseable {
  private final Selector selector = Selector.open();
  private final List<HttpConnection> all = new ArrayList<>();

  HttpConnections(int port, int count) throws IOException {
    boolean complete = false;
    try {
      for (int i = 0; i < count; i++) {
        all.add(new HttpConnection(port, selector));
      }
      complete = true;
    } finally {
      if (!complete) {
        close();
      }
    }
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
