package attolytics.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Posts bodies at a fixed rate, whether or not the answers keep up. The latency of a request counts
 * from when it should have been sent: what waits because others are late is late, too. One thread
 * sends, another reads the answers, so that neither waits for the other.
 */
public final class OpenLoop implements Load {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long SELECT_MILLIS = 10;
  private static final long NO_CONNECTION_PAUSE = 20_000;

  private final int port;
  private final int connections;
  private final double rate;
  private final Requests requests;
  private final ByteBuffer out;
  private final Queue<HttpConnection> idle = new ConcurrentLinkedQueue<>();
  private volatile boolean sent;
  private volatile int requestsSent;
  private volatile boolean failed;

  /**
   * @param port on the loopback address
   * @param connections at most so many requests are on their way; others wait, and count as late
   * @param rate requests a second
   */
  public OpenLoop(int port, int connections, double rate, List<Body> bodies) {
    this.port = port;
    this.connections = connections;
    this.rate = rate;
    this.requests = new Requests(bodies);
    this.out = ByteBuffer.allocateDirect(requests.largest());
  }

  @Override
  public Sent run(Duration duration) throws IOException, InterruptedException {
    idle.clear();
    sent = false;
    failed = false;
    requestsSent = 0;
    try (HttpConnections open = new HttpConnections(HttpConnections.local(port), connections)) {
      idle.addAll(open.all());
      Reader reader = new Reader(open);
      Thread thread = new Thread(reader, "answers");
      thread.start();
      long start = System.nanoTime();
      try {
        send(start, (int) Math.max(1, rate * duration.toNanos() / 1e9));
      } finally {
        sent = true;
        thread.join();
      }
      if (reader.failure != null) {
        throw reader.failure;
      }
      long nanos = System.nanoTime() - start;
      return new Sent(reader.rows, reader.latencies.getTotalCount(), nanos, reader.latencies);
    }
  }

  private void send(long start, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      long intended = start + (long) (i * 1e9 / rate);
      for (long left = intended - System.nanoTime(); left > 0; ) {
        LockSupport.parkNanos(left);
        left = intended - System.nanoTime();
      }
      HttpConnection connection = awaitIdle();
      if (connection == null) {
        return; // the reader says why
      }
      out.clear();
      int events = requests.writeNext(out);
      requestsSent = i + 1;
      connection.send(out.flip(), events, intended);
    }
  }

  private @Nullable HttpConnection awaitIdle() {
    HttpConnection connection = idle.poll();
    while (connection == null && !failed) {
      LockSupport.parkNanos(NO_CONNECTION_PAUSE);
      connection = idle.poll();
    }
    return connection;
  }

  /** Reads answers until all that was sent is answered. */
  private final class Reader implements Runnable {
    private final HttpConnections open;
    private final ByteBuffer in = ByteBuffer.allocateDirect(HttpConnection.MAX_ANSWER);
    private final Histogram latencies = Load.histogram();
    private long rows;
    private @Nullable IOException failure;

    Reader(HttpConnections open) {
      this.open = open;
    }

    @Override
    public void run() {
      try {
        read();
      } catch (IOException e) {
        failure = e;
        failed = true;
      }
    }

    private void read() throws IOException {
      long lastAnswer = System.nanoTime();
      while (!sent || latencies.getTotalCount() < requestsSent) {
        int ready = open.selector().select(SELECT_MILLIS);
        long now = System.nanoTime();
        if (ready > 0) {
          lastAnswer = now;
        } else if (now - lastAnswer > PATIENCE.toNanos()) {
          throw new IOException("requests get no answer");
        }
        for (SelectionKey key : open.selector().selectedKeys()) {
          HttpConnection connection = (HttpConnection) key.attachment();
          if (connection.ready(in)) {
            rows += connection.events();
            latencies.recordValue(Math.max(0, now - connection.sentNanos()));
            idle.add(connection);
          }
        }
        open.selector().selectedKeys().clear();
      }
    }
  }
}
