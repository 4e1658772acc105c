package attolytics;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A way to a test database that can be cut, or let nothing through, as often as one likes. */
public final class DatabaseProxy implements AutoCloseable {
  private enum State {
    OPEN,
    /** Connections stand, and new ones are taken, but nothing goes through. */
    STALLED,
    /** Connections break at once. */
    CUT,
    CLOSED
  }

  /** What the server is told instead of what the client has said, and as long. */
  private record Falsification(String said, String told) {}

  private final TestDatabase database;
  private final ServerSocket server;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicReference<@Nullable Falsification> next = new AtomicReference<>();
  private volatile State state = State.OPEN;

  /** Opens a way to the database, which stays the caller's. */
  public DatabaseProxy(TestDatabase database) throws IOException {
    this.database = database;
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    daemon(this::accept);
  }

  /** As that of the database, but by this way. */
  public String url() {
    return database.urlBy(server.getLocalPort());
  }

  /**
   * Has the server understand something else the next time that a client says this.
   *
   * @param told as long
   */
  public void falsifyNext(String said, String told) {
    next.set(new Falsification(said, told));
  }

  /** Whether that has happened. */
  public boolean hasFalsified() {
    return next.get() == null;
  }

  public void stall() {
    state = State.STALLED;
  }

  public void cut() throws IOException {
    state = State.CUT;
    closeAll();
  }

  public void open() {
    state = State.OPEN;
  }

  @Override
  public void close() throws IOException {
    state = State.CLOSED;
    server.close();
    closeAll();
  }

  private void closeAll() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private void accept() {
    while (state != State.CLOSED) {
      try {
        Socket client = server.accept();
        if (state == State.CUT) {
          client.close();
          continue;
        }
        sockets.add(client);
        Socket onward = new Socket(database.host(), database.port());
        sockets.add(onward);
        daemon(() -> pump(client, onward, true));
        daemon(() -> pump(onward, client, false));
      } catch (IOException e) {
        // closed, or the database is away: the client sees it
      }
    }
  }

  private void pump(Socket from, Socket to, boolean fromClient) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] bytes = new byte[8192];
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        while (state == State.STALLED) {
          TimeUnit.MILLISECONDS.sleep(5);
        }
        if (fromClient) {
          falsify(bytes, count);
        }
        out.write(bytes, 0, count);
      }
    } catch (IOException | InterruptedException e) {
      // one side is gone, and so is the other now
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  private void falsify(byte[] bytes, int count) {
    Falsification falsification = next.get();
    if (falsification == null) {
      return;
    }
    int at = new String(bytes, 0, count, ISO_8859_1).indexOf(falsification.said);
    if (at >= 0 && next.compareAndSet(falsification, null)) {
      byte[] told = falsification.told.getBytes(ISO_8859_1);
      System.arraycopy(told, 0, bytes, at, told.length);
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "database-proxy");
    thread.setDaemon(true);
    thread.start();
  }
}
