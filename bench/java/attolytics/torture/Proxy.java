package attolytics.torture;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The way from one instance to the database: a TCP proxy that knows where in a transaction a
 * connection is, and breaks it there. Thread-safe.
 */
final class Proxy implements AutoCloseable {
  /** What happens to new connections. */
  enum Door {
    OPEN,
    /** They are closed at once. */
    CLOSED,
    /** They are accepted, and nothing is ever heard on them. */
    SILENT
  }

  private final InetAddress databaseAddress;
  private volatile int databasePort;
  private final ServerSocket listener;
  private final Set<Wire> wires = ConcurrentHashMap.newKeySet();
  private final AtomicReference<@Nullable Trap> trap = new AtomicReference<>();
  private volatile Door door = Door.OPEN;
  private volatile long silentUntil = System.nanoTime();

  /**
   * @param databasePort on the loopback address
   */
  Proxy(int databasePort) throws IOException {
    this(InetAddress.getLoopbackAddress(), databasePort);
  }

  Proxy(InetAddress databaseAddress, int databasePort) throws IOException {
    this.databaseAddress = databaseAddress;
    this.databasePort = databasePort;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Wire.daemon("proxy", this::acceptAll);
  }

  /** Where the instance connects to, on the loopback address. */
  int port() {
    return listener.getLocalPort();
  }

  /** Where new connections lead from now on. */
  void setDatabasePort(int databasePort) {
    this.databasePort = databasePort;
  }

  /** Sets a trap for the first connection that gets there. */
  void arm(Trap armed) {
    trap.set(armed);
  }

  /** Takes the trap away, if nothing was caught. */
  void disarm() {
    trap.set(null);
  }

  /** The trap, if it is set at this point: it is the caller's then. */
  @Nullable Trap take(Trap.Point point, int copiedBytes) {
    Trap armed = trap.get();
    return armed != null
            && armed.point() == point
            && armed.afterBytes() <= copiedBytes
            && trap.compareAndSet(armed, null)
        ? armed
        : null;
  }

  void setDoor(Door door) {
    this.door = door;
  }

  /** Lets nothing through on any connection for a while. */
  void silence(long millis) {
    silentUntil = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
  }

  /** Waits as long as nothing may go through. */
  void awaitSilence() throws InterruptedException {
    for (long left = silentUntil - System.nanoTime();
        left > 0;
        left = silentUntil - System.nanoTime()) {
      TimeUnit.NANOSECONDS.sleep(left);
    }
  }

  /** Breaks all connections. */
  void cutAll(boolean reset) {
    wires.forEach(wire -> wire.cut(reset));
  }

  void ended(Wire wire) {
    wires.remove(wire);
  }

  private void acceptAll() {
    while (!listener.isClosed()) {
      try {
        accept(listener.accept());
      } catch (IOException e) {
        // closed, or the database is away: the instance sees a closed connection
      }
    }
  }

  private void accept(Socket service) throws IOException {
    boolean taken = false;
    try {
      if (door == Door.CLOSED) {
        return;
      }
      service.setTcpNoDelay(true);
      Wire wire = new Wire(this, service);
      wires.add(wire);
      taken = true;
      if (door == Door.OPEN) {
        wire.connect(databaseAddress, databasePort);
      }
    } finally {
      if (!taken) {
        service.close();
      }
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    cutAll(false);
  }
}
