package attolytics.torture;

import attolytics.torture.Frontend.What;
import attolytics.torture.Trap.Point;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import org.jspecify.annotations.Nullable;

/**
 * A connection from the service to the database, pumped by a thread each way. What comes from the
 * service is taken apart into messages; what comes from the database is not looked at.
 */
final class Wire {
  private static final int CHUNK = 16 << 10;

  private final Proxy proxy;
  private final Socket service;
  private volatile @Nullable Socket database;

  /** Set before a COMMIT goes out: springs as soon as anything comes back. */
  private volatile @Nullable Trap awaitingAnswer;

  private boolean inTransactionEnd;
  private int copiedBytes;

  /** Something that runs until its connection ends. */
  @FunctionalInterface
  private interface Pump {
    void run(Socket service, Socket database) throws IOException, InterruptedException;
  }

  Wire(Proxy proxy, Socket service) {
    this.proxy = proxy;
    this.service = service;
  }

  static void daemon(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** Connects it through; without this, the service's end is open and nothing answers. */
  void connect(InetAddress address, int port) throws IOException {
    try {
      Socket other = new Socket(address, port);
      database = other;
      other.setTcpNoDelay(true);
      daemon("to database", () -> pump(this::toDatabase, other));
      daemon("to service", () -> pump(this::toService, other));
    } catch (IOException e) {
      cut(false);
      throw e;
    }
  }

  /** Breaks it, both ways. */
  void cut(boolean reset) {
    close(service, reset);
    close(database, reset);
    proxy.ended(this);
  }

  private static void close(@Nullable Socket socket, boolean reset) {
    if (socket == null) {
      return;
    }
    try {
      if (reset) {
        socket.setSoLinger(true, 0);
      }
      socket.close();
    } catch (IOException e) {
      // it is closed
    }
  }

  private void pump(Pump pump, Socket other) {
    try {
      pump.run(service, other);
    } catch (IOException e) {
      // one of them has left
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      cut(false);
    }
  }

  private void toService(Socket service, Socket database) throws IOException, InterruptedException {
    InputStream in = database.getInputStream();
    OutputStream out = service.getOutputStream();
    byte[] chunk = new byte[CHUNK];
    for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
      proxy.awaitSilence();
      Trap trap = awaitingAnswer;
      if (trap != null) {
        awaitingAnswer = null;
        trap.spring(this);
      }
      out.write(chunk, 0, n);
    }
  }

  private void toDatabase(Socket service, Socket database)
      throws IOException, InterruptedException {
    Frontend in = new Frontend(service.getInputStream());
    OutputStream out = database.getOutputStream();
    for (What what = in.next(); what != null; what = in.next()) {
      proxy.awaitSilence();
      switch (what) {
        case COPY_DATA -> copy(in, out);
        case COMMIT -> commit(in, out);
        case END -> {
          write(in, out);
          end();
        }
        default -> write(in, out);
      }
    }
  }

  private void copy(Frontend in, OutputStream out) throws IOException, InterruptedException {
    copiedBytes += in.length();
    Trap trap = proxy.take(Point.IN_COPY, copiedBytes);
    int half = trap == null ? 0 : in.length() / 2;
    out.write(in.bytes(), 0, half);
    if (trap != null) {
      trap.spring(this);
    }
    out.write(in.bytes(), half, in.length() - half);
  }

  private void commit(Frontend in, OutputStream out) throws IOException, InterruptedException {
    copiedBytes = 0;
    Trap before = proxy.take(Point.BEFORE_COMMIT, 0);
    if (before != null) {
      before.spring(this);
    }
    awaitingAnswer = proxy.take(Point.BEFORE_ANSWER, 0);
    inTransactionEnd = true;
    write(in, out);
    if (in.isQuery()) {
      end();
    }
  }

  /** All that belongs to what was asked for is on its way. */
  private void end() throws InterruptedException {
    if (inTransactionEnd) {
      inTransactionEnd = false;
      Trap trap = proxy.take(Point.AFTER_COMMIT, 0);
      if (trap != null) {
        trap.spring(this);
      }
    }
  }

  private static void write(Frontend in, OutputStream out) throws IOException {
    out.write(in.bytes(), 0, in.length());
  }
}
