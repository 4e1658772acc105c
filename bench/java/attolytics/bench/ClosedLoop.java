package attolytics.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Posts bodies to the service on keep-alive connections, each of which sends its next request when
 * the last one is answered. On one thread, and as cheap as can be: the service and the database
 * share the machine with it.
 */
final class ClosedLoop implements Load {
  /** For the answers that are outstanding at the end: the service's own bound is less. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final long SELECT_MILLIS = 10;
  private static final int MAX_ANSWER = 16 << 10;

  /** As far as the status: {@code HTTP/1.1 200}. */
  private static final int STATUS_LINE = 12;

  /** The end of the last header, and an empty line. */
  private static final int END_OF_HEADERS = 0x0D0A0D0A;

  private final int port;
  private final int connections;
  private final Requests requests;
  private long stopAt;
  private long now;
  private long answered;
  private long rows;
  private int waiting;

  /**
   * @param port on the loopback address
   */
  ClosedLoop(int port, int connections, List<Body> bodies) {
    this.port = port;
    this.connections = connections;
    this.requests = new Requests(bodies);
  }

  @Override
  public String name() {
    return "service, " + connections + " connections";
  }

  int connections() {
    return connections;
  }

  @Override
  public Sent run(Duration duration) throws IOException {
    answered = 0;
    rows = 0;
    try (Selector selector = Selector.open()) {
      Connection[] open = new Connection[connections];
      try {
        for (int i = 0; i < connections; i++) {
          open[i] = new Connection(selector);
        }
        long start = System.nanoTime();
        stopAt = start + duration.toNanos();
        for (Connection connection : open) {
          connection.send();
        }
        converse(selector);
        return new Sent(rows, answered, System.nanoTime() - start);
      } finally {
        for (Connection connection : open) {
          if (connection != null) {
            connection.channel.close();
          }
        }
      }
    }
  }

  /** Until nothing is outstanding any more. */
  private void converse(Selector selector) throws IOException {
    long deadline = stopAt + PATIENCE.toNanos();
    while (waiting > 0) {
      selector.select(SELECT_MILLIS);
      now = System.nanoTime();
      if (now - deadline > 0) {
        throw new IOException(waiting + " requests got no answer");
      }
      for (SelectionKey key : selector.selectedKeys()) {
        ((Connection) key.attachment()).ready(key);
      }
      selector.selectedKeys().clear();
    }
  }

  /** The requests, one after the other and over again, each time with later times. */
  private static final class Requests {
    private final byte[][] heads;
    private final Body[] bodies;
    private final int largest;
    private int next;
    private long time = Body.FIRST_TIME;

    Requests(List<Body> bodies) {
      this.bodies = bodies.toArray(Body[]::new);
      heads = new byte[this.bodies.length][];
      int size = 0;
      for (int i = 0; i < heads.length; i++) {
        heads[i] = head(this.bodies[i].json().length);
        size = Math.max(size, heads[i].length + this.bodies[i].json().length);
      }
      largest = size;
    }

    private static byte[] head(int length) {
      String head =
          "POST "
              + ExampleEvents.PATH
              + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
              + "Content-Length: "
              + length
              + "\r\n\r\n";
      return head.getBytes(StandardCharsets.US_ASCII);
    }

    /** Writes the next request and returns how many events it has. */
    int writeNext(ByteBuffer out) {
      Body body = bodies[next];
      body.stamp(time);
      time += body.events();
      out.put(heads[next]).put(body.json());
      next = next + 1 == bodies.length ? 0 : next + 1;
      return body.events();
    }
  }

  private final class Connection {
    private final SocketChannel channel;
    private final SelectionKey key;
    private final ByteBuffer out = ByteBuffer.allocateDirect(requests.largest);
    private final ByteBuffer in = ByteBuffer.allocateDirect(MAX_ANSWER);
    private int events;

    Connection(Selector selector) throws IOException {
      channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.configureBlocking(false);
      key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    void send() throws IOException {
      out.clear();
      events = requests.writeNext(out);
      out.flip();
      waiting++;
      write();
    }

    private void write() throws IOException {
      channel.write(out);
      int interest = out.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ;
      if (interest != key.interestOps()) {
        key.interestOps(interest);
      }
    }

    void ready(SelectionKey ready) throws IOException {
      if (ready.isWritable()) {
        write();
      } else if (channel.read(in) < 0) {
        throw new IOException(
            "the service closed a connection" + (in.position() > 0 ? said() : ""));
      } else if (isWhole()) {
        in.clear();
        waiting--;
        answered++;
        rows += events;
        if (now - stopAt < 0) {
          send();
        }
      }
    }

    /** A 200 has no body: it is whole with the empty line. */
    private boolean isWhole() throws IOException {
      int end = in.position();
      if (end < STATUS_LINE) {
        return false;
      }
      if (in.get(9) != '2' || in.get(10) != '0' || in.get(11) != '0') {
        throw new IOException("a request was refused" + said());
      }
      return in.getInt(end - Integer.BYTES) == END_OF_HEADERS;
    }

    private String said() {
      byte[] bytes = new byte[in.position()];
      in.get(0, bytes);
      return String.format(Locale.ROOT, ":%n%s", new String(bytes, StandardCharsets.UTF_8));
    }
  }
}
