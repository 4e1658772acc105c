package attolytics.torture;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A keep-alive connection that sends what it is told and nothing of its own accord: other clients
 * repeat requests silently. Used by one thread.
 */
final class HttpConnection implements AutoCloseable {
  /**
   * An answer.
   *
   * @param headers by their names in lower case
   */
  record Answer(int status, Map<String, String> headers, String body) {}

  private static final int MAX_HEADER_LINE = 8192;

  /** Servers close connections on which nothing comes, perhaps just as the next request does. */
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Socket socket = new Socket();
  private final InputStream in;
  private long lastUsed = System.nanoTime();

  /**
   * Connects to a port of the loopback address.
   *
   * @param patience how long a connection, and each read, may take
   */
  HttpConnection(int port, Duration patience) throws IOException {
    boolean connected = false;
    try {
      socket.setTcpNoDelay(true);
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) patience.toMillis());
      socket.setSoTimeout((int) patience.toMillis());
      in = new BufferedInputStream(socket.getInputStream());
      connected = true;
    } finally {
      if (!connected) {
        socket.close();
      }
    }
  }

  /** Whether it has been idle for so long that it had better not be used any more. */
  boolean isStale() {
    return System.nanoTime() - lastUsed > IDLE_NANOS;
  }

  /** Whether something came that nobody asked for: a second answer, say. */
  boolean hasUnread() throws IOException {
    return in.available() > 0;
  }

  void send(byte[] bytes, int offset, int length) throws IOException {
    lastUsed = System.nanoTime();
    socket.getOutputStream().write(bytes, offset, length);
  }

  /**
   * Reads an answer to its end.
   *
   * @throws java.net.SocketTimeoutException if it does not come
   */
  Answer receive() throws IOException {
    String[] statusLine = line().split(" ", 3);
    if (statusLine.length < 2 || !statusLine[0].equals("HTTP/1.1")) {
      throw new ProtocolException("not an answer: " + String.join(" ", statusLine));
    }
    Map<String, String> headers = new HashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    byte[] body = in.readNBytes(length);
    if (body.length < length) {
      throw new EOFException("an answer was cut short");
    }
    return new Answer(
        Integer.parseInt(statusLine[1]), headers, new String(body, StandardCharsets.UTF_8));
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (line.length() < MAX_HEADER_LINE) {
      int c = in.read();
      if (c < 0) {
        throw new EOFException("closed");
      }
      if (c == '\n') {
        return line.toString().strip();
      }
      line.append((char) c);
    }
    throw new ProtocolException("a header line without an end");
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // it is gone either way
    }
  }
}
