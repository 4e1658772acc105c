package attolytics.torture;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Connections that send as many headers as they may, and never end them. Used by one thread. */
final class HeaderFlood implements AutoCloseable {
  /** What servers take at most, or a little less. */
  private static final int LINES = 198;

  private static final int LINE_BYTES = 16_000;
  private static final long PAUSE_MILLIS = 20;

  private final List<SocketChannel> channels = new ArrayList<>();
  private final List<ByteBuffer> unsent = new ArrayList<>();

  /** To a port of the loopback address. */
  void connect(int port, int connections) throws IOException {
    ByteBuffer headers = ByteBuffer.wrap(headers());
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    for (int i = 0; i < connections; i++) {
      SocketChannel channel = SocketChannel.open(address);
      channels.add(channel);
      unsent.add(headers.duplicate());
      channel.configureBlocking(false);
    }
  }

  private static byte[] headers() {
    StringBuilder headers =
        new StringBuilder("POST /apps/" + Requests.APP + "/events HTTP/1.1\r\n");
    for (int line = 0; line < LINES; line++) {
      headers.append("X-").append(line).append(": ").append("x".repeat(LINE_BYTES)).append("\r\n");
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
