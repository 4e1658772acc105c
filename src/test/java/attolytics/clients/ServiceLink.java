package attolytics.clients;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A TCP proxy between one client and the service, which can be cut and can lose answers. */
final class ServiceLink implements AutoCloseable {
  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName("localhost"));
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicInteger answersToLose = new AtomicInteger();
  private final AtomicInteger lost = new AtomicInteger();
  private final AtomicInteger delivered = new AtomicInteger();
  private final AtomicInteger replayed = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private volatile int servicePort;
  private volatile boolean isCut;

  ServiceLink() throws IOException {
    daemon(this::accept);
  }

  /** Where the client sends its events. */
  String url() {
    return "http://localhost:" + server.getLocalPort() + "/apps/app/events";
  }

  /** Leads connections to the service at this port from now on; before, it was at none. */
  void leadTo(int port) {
    servicePort = port;
    opened();
  }

  /** Breaks all connections, and refuses new ones. */
  void cut() throws IOException {
    isCut = true;
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  void restore() {
    isCut = false;
    opened();
  }

  private void opened() {
    delivered.set(0);
    refused.set(0);
  }

  /** Breaks the connection instead of delivering the next 200. */
  void loseAnAnswer() {
    answersToLose.incrementAndGet();
  }

  /** How many answers were lost. */
  int lost() {
    return lost.get();
  }

  /** How many 200s the client has got since the way was last open. */
  int delivered() {
    return delivered.get();
  }

  /** How many 200s were for requests that had been stored before. */
  int replayed() {
    return replayed.get();
  }

  /** How many connections have failed since the way was last open. */
  int refused() {
    return refused.get();
  }

  @Override
  public void close() throws IOException {
    cut();
    server.close();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        sockets.add(client);
        daemon(() -> serve(client));
      } catch (IOException e) {
        // closed
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      // Node.js waits for an answer for ever if the connection ends before its request is sent.
      int first = client.getInputStream().read();
      if (first < 0) {
        return;
      }
      try (Socket service = connect()) {
        sockets.add(service);
        service.getOutputStream().write(first);
        daemon(() -> forward(client, service));
        deliver(service, client);
      }
    } catch (IOException e) {
      // the service is away, or the link is cut: the client sees a broken connection
    } finally {
      sockets.remove(client);
    }
  }

  private Socket connect() throws IOException {
    try {
      if (!isCut) {
        return new Socket("localhost", servicePort);
      }
    } catch (IOException e) {
      refused.incrementAndGet();
      throw e;
    }
    refused.incrementAndGet();
    throw new IOException("cut");
  }

  private void forward(Socket client, Socket service) {
    try (client;
        service) {
      client.getInputStream().transferTo(service.getOutputStream());
    } catch (IOException e) {
      // one of them is gone, and so is the other now
    } finally {
      sockets.remove(service);
    }
  }

  /** Each of the service's answers is short enough to come in one piece. */
  private void deliver(Socket service, Socket client) throws IOException {
    InputStream in = service.getInputStream();
    OutputStream out = client.getOutputStream();
    byte[] bytes = new byte[8192];
    for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
      String answer = new String(bytes, 0, count, ISO_8859_1);
      boolean isStored = answer.startsWith("HTTP/1.1 200 ");
      if (isStored && answersToLose.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
        lost.incrementAndGet();
        return;
      }
      out.write(bytes, 0, count);
      if (isStored) {
        delivered.incrementAndGet();
        replayed.addAndGet(answer.contains("Idempotency-Replayed: true") ? 1 : 0);
      }
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "service-link");
    thread.setDaemon(true);
    thread.start();
  }
}
