package attolytics.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Posts bodies on keep-alive connections; for each answer the next request is sent. On one thread,
 * and as cheap as can be: the service and the database share the machine with it.
 */
public final class ClosedLoop implements Load {
  /** For the answers that are outstanding at the end: the service's own bound is less. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final long SELECT_MILLIS = 10;

  private final InetSocketAddress address;
  private final int connections;
  private final int inFlight;
  private final Requests requests;
  private final ByteBuffer out;
  private final ByteBuffer in = ByteBuffer.allocateDirect(HttpConnection.MAX_ANSWER);
  private final ArrayDeque<HttpConnection> idle = new ArrayDeque<>();
  private Histogram latencies = Load.histogram();
  private long stopAt;
  private long now;
  private long rows;
  private int waiting;

  /** To a port of the loopback address, with a request on its way on each connection. */
  public ClosedLoop(int port, int connections, List<Body> bodies) {
    this(HttpConnections.local(port), connections, connections, bodies);
  }

  /**
   * @param inFlight how many connections have a request on its way, all of them in turns
   */
  public ClosedLoop(InetSocketAddress address, int connections, int inFlight, List<Body> bodies) {
    this.address = address;
    this.connections = connections;
    this.inFlight = inFlight;
    this.requests = new Requests(bodies);
    this.out = ByteBuffer.allocateDirect(requests.largest());
  }

  @Override
  public Sent run(Duration duration) throws IOException {
    latencies = Load.histogram();
    rows = 0;
    waiting = 0;
    idle.clear();
    try (HttpConnections open = new HttpConnections(address, connections)) {
      idle.addAll(open.all());
      long start = System.nanoTime();
      now = start;
      stopAt = start + duration.toNanos();
      for (int i = 0; i < inFlight; i++) {
        send();
      }
      converse(open);
      long end = System.nanoTime();
      return new Sent(rows, latencies.getTotalCount(), end - start, latencies);
    }
  }

  /** Until nothing is outstanding any more. */
  private void converse(HttpConnections open) throws IOException {
    long deadline = stopAt + PATIENCE.toNanos();
    while (waiting > 0) {
      open.selector().select(SELECT_MILLIS);
      now = System.nanoTime();
      if (now - deadline > 0) {
        throw new IOException(waiting + " requests got no answer");
      }
      for (SelectionKey key : open.selector().selectedKeys()) {
        HttpConnection connection = (HttpConnection) key.attachment();
        if (connection.ready(in)) {
          answered(connection);
        }
      }
      open.selector().selectedKeys().clear();
    }
  }

  private void answered(HttpConnection connection) throws IOException {
    waiting--;
    rows += connection.events();
    latencies.recordValue(now - connection.sentNanos());
    idle.addLast(connection);
    if (now - stopAt < 0) {
      send();
    }
  }

  private void send() throws IOException {
    HttpConnection connection = idle.removeFirst();
    out.clear();
    int events = requests.writeNext(out);
    connection.send(out.flip(), events, now);
    waiting++;
  }
}
