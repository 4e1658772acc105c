package attolytics.app;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.newsclub.net.unix.AFUNIXDatagramSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** What systemd listens at, with all that came so far. */
final class NotifySocket implements AutoCloseable {
  private final AFUNIXDatagramSocket socket;
  private final List<String> messages = new CopyOnWriteArrayList<>();

  NotifySocket(AFUNIXSocketAddress address) throws IOException {
    socket = AFUNIXDatagramSocket.newInstance();
    socket.bind(address);
    Thread thread = new Thread(this::listen, "notify-socket");
    thread.setDaemon(true);
    thread.start();
  }

  private void listen() {
    DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
    try {
      while (!socket.isClosed()) {
        packet.setLength(4096);
        socket.receive(packet);
        messages.add(new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8));
      }
    } catch (SocketException e) {
      // closed
    } catch (IOException e) {
      messages.add(e.toString());
    }
  }

  List<String> messages() {
    return messages;
  }

  long count(String message) {
    return messages.stream().filter(message::equals).count();
  }

  /** Waits for a message, and returns its place. */
  int await(Predicate<String> message) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      for (int i = 0; i < messages.size(); i++) {
        if (message.test(messages.get(i))) {
          return i;
        }
      }
      assertTrue(System.nanoTime() < deadline, messages::toString);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
