package attolytics.torture;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Connections that send as many headers as they may, and never end them. In memory such headers
 * take three times what they take on the wire. Used by one thread.
 */
final class HeaderFlood implements AutoCloseable {
  /** A little less than the service takes, in lines and in bytes: more would be refused at once. */
  private static final int LINES = 98;

  private static final int LINE_BYTES = 160;

  /** Files that are left to the test's clients, if there may not be as many. */
  private static final int SPARE_FILES = 200;

  private static final long PAUSE_MILLIS = 20;

  private final List<SocketChannel> channels = new ArrayList<>();
  private final List<ByteBuffer> unsent = new ArrayList<>();

  /** To a port of the loopback address. */
  void connect(int port, int connections) {
    ByteBuffer headers = ByteBuffer.wrap(headers());
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    try {
      for (int i = 0; i < connections; i++) {
        SocketChannel channel = SocketChannel.open(address);
        channels.add(channel);
        unsent.add(headers.duplicate());
        channel.configureBlocking(false);
      }
    } catch (IOException e) {
      // No more files, or the service takes no more: these have to do.
      channels.stream()
          .skip(Math.max(0, channels.size() - SPARE_FILES))
          .forEach(HeaderFlood::close);
    }
  }

  private static byte[] headers() {
    StringBuilder headers =
        new StringBuilder("POST /apps/" + Database.APP + "/events HTTP/1.1\r\n");
    for (int line = 0; line < LINES; line++) {
      headers
          .append("X-")
          .append(line)
          .append(": ")
          .append("x".repeat(LINE_BYTES - 10))
          .append("\r\n");
    }
    return headers.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Sends what the service takes, and waits for more.
   *
   * @param end by {@link System#nanoTime()}
   */
  void send(long end) throws InterruptedException {
    while (System.nanoTime() - end < 0) {
      for (int i = 0; i < channels.size(); i++) {
        write(channels.get(i), unsent.get(i));
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  private static void write(SocketChannel channel, ByteBuffer bytes) {
    try {
      if (channel.isOpen() && bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      close(channel); // the service has closed it, as it may
    }
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // it is gone either way
    }
  }

  @Override
  public void close() {
    channels.forEach(HeaderFlood::close);
  }
}
