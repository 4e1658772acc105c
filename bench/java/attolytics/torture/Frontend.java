package attolytics.torture;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes what a client says to PostgreSQL apart into messages, and knows enough of them to see a
 * COMMIT, whether it comes as a query or as a statement that was prepared before.
 *
 * <pre>
 *   at first:  length (int32, with itself) | protocol version or request code (int32) | ...
 *   then:      type (byte) | length (int32, with itself) | ...
 * </pre>
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message
 *     Formats</a>
 */
final class Frontend {
  /** What a message is to us. */
  enum What {
    COPY_DATA,
    /** A COMMIT, or the beginning of one. */
    COMMIT,
    /** The end of a query in several messages. */
    END,
    OTHER
  }

  private static final int PROTOCOL_3 = 3 << 16;
  private static final int MAX_LENGTH = 64 << 20;

  private final DataInputStream in;
  private final Set<String> commits = new HashSet<>();
  private boolean started;
  private byte[] bytes = new byte[8 << 10];
  private int length;

  Frontend(InputStream in) {
    this.in = new DataInputStream(new BufferedInputStream(in));
  }

  /** The message with its header, from 0 to {@link #length}, until the next one is read. */
  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  /** Whether the server acts on the message by itself, without a Sync. */
  boolean isQuery() {
    return bytes[0] == 'Q';
  }

  /** Reads the next message; null at the end. */
  @Nullable What next() throws IOException {
    int first = in.read();
    if (first < 0) {
      return null;
    }
    bytes[0] = (byte) first;
    int head = started ? 5 : 4;
    in.readFully(bytes, 1, head - 1);
    int rest = ByteBuffer.wrap(bytes).getInt(head - 4) - 4;
    if (rest < 0 || rest > MAX_LENGTH) {
      throw new EOFException("not the protocol");
    }
    length = head + rest;
    if (length > bytes.length) {
      byte[] larger = new byte[Math.max(length, 2 * bytes.length)];
      System.arraycopy(bytes, 0, larger, 0, head);
      bytes = larger;
    }
    in.readFully(bytes, head, rest);
    if (!started) {
      // Requests for encryption come before; the server refuses them, and the client goes on.
      started = ByteBuffer.wrap(bytes).getInt(4) == PROTOCOL_3;
      return What.OTHER;
    }
    return what((char) first);
  }

  private What what(char type) {
    return switch (type) {
      case 'd' -> What.COPY_DATA;
      case 'S' -> What.END;
      case 'Q' -> isCommit(text(5)) ? What.COMMIT : What.OTHER;
      case 'P' -> {
        String statement = text(5);
        if (isCommit(text(5 + statement.length() + 1))) {
          commits.add(statement);
        } else {
          commits.remove(statement);
        }
        yield What.OTHER;
      }
      case 'B' -> {
        String portal = text(5);
        yield commits.contains(text(5 + portal.length() + 1)) ? What.COMMIT : What.OTHER;
      }
      default -> What.OTHER;
    };
  }

  private static boolean isCommit(String query) {
    return query.strip().toUpperCase(Locale.ROOT).startsWith("COMMIT");
  }

  /** From there to the next NUL; a character a byte. */
  private String text(int offset) {
    int end = offset;
    while (bytes[end] != 0) {
      end++;
    }
    return new String(bytes, offset, end - offset, StandardCharsets.ISO_8859_1);
  }
}
