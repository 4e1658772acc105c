package attolytics.http.body;

import java.io.IOException;

/**
 * Decodes the chunked transfer coding.
 *
 * <pre>
 *   4;extension CRLF data CRLF  …  0 CRLF trailer: field CRLF CRLF
 * </pre>
 *
 * <p>Strict: a server that finds the end of a body at another place than the proxy before it takes
 * a part of the body for a request. Extensions and trailers are ignored.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9112#section-7.1">RFC 9112, chunked transfer
 *     coding</a>
 */
final class ChunkedBody {
  private enum State {
    SIZE,
    AFTER_SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_START,
    TRAILER,
    TRAILER_LF,
    LAST_LF,
    END
  }

  /** Maximum number of bytes between the data of two chunks, or after that of the last one. */
  private static final int MAX_FRAMING_BYTES = 8 << 10;

  private static final long MAX_SIZE = Long.MAX_VALUE >> 4;

  private State state = State.SIZE;
  private boolean anyDigit;
  private long remaining;
  private int framingBytes;
  private int consumed;

  /**
   * Decodes a part of the body in place.
   *
   * @param bytes the encoded part from {@code from} to {@code to}; the data is at {@code from}
   *     afterwards
   * @return length of the data
   * @throws IOException if the coding is invalid
   */
  int decode(byte[] bytes, int from, int to) throws IOException {
    int in = from;
    int out = from;
    while (in < to && state != State.END) {
      if (state == State.DATA) {
        int count = (int) Math.min(remaining, to - in);
        System.arraycopy(bytes, in, bytes, out, count);
        in += count;
        out += count;
        remaining -= count;
        if (remaining == 0) {
          state = State.DATA_CR;
          framingBytes = 0;
        }
      } else {
        if (++framingBytes > MAX_FRAMING_BYTES) {
          throw new IOException("too many bytes between chunks");
        }
        state = next(bytes[in++]);
      }
    }
    consumed = in;
    return out - from;
  }

  /** Whether the body has ended. */
  boolean ended() {
    return state == State.END;
  }

  /** End of the encoded body in the array of the last call of {@link #decode}. */
  int consumed() {
    return consumed;
  }

  private State next(byte b) throws IOException {
    return switch (state) {
      case SIZE -> size(b);
      case AFTER_SIZE -> b == '\r' ? State.SIZE_LF : extension(b, isBlank(b));
      case EXTENSION -> b == '\r' ? State.SIZE_LF : text(b, State.EXTENSION);
      case SIZE_LF -> afterLineFeed(b, remaining == 0 ? State.TRAILER_START : State.DATA);
      case DATA_CR -> expect(b, '\r', State.DATA_LF);
      case DATA_LF -> afterLineFeed(b, State.SIZE);
      case TRAILER_START -> b == '\r' ? State.LAST_LF : text(b, State.TRAILER);
      case TRAILER -> b == '\r' ? State.TRAILER_LF : text(b, State.TRAILER);
      case TRAILER_LF -> expect(b, '\n', State.TRAILER_START);
      case LAST_LF -> expect(b, '\n', State.END);
      case DATA, END -> throw new IllegalStateException(state.name());
    };
  }

  private State size(byte b) throws IOException {
    int digit = Character.digit(b, 16);
    if (digit >= 0) {
      anyDigit = true;
      if (remaining > MAX_SIZE) {
        throw new IOException("chunk size out of range");
      }
      remaining = (remaining << 4) + digit;
      return State.SIZE;
    }
    if (!anyDigit) {
      throw new IOException("chunk without a size");
    }
    return b == '\r' ? State.SIZE_LF : extension(b, isBlank(b));
  }

  /** The semicolon of an extension can follow blanks. */
  private static State extension(byte b, boolean blank) throws IOException {
    return blank ? State.AFTER_SIZE : expect(b, ';', State.EXTENSION);
  }

  private State afterLineFeed(byte b, State next) throws IOException {
    anyDigit = false;
    return expect(b, '\n', next);
  }

  private static State expect(byte b, char expected, State next) throws IOException {
    if (b != expected) {
      throw new IOException("malformed chunk");
    }
    return next;
  }

  private static State text(byte b, State next) throws IOException {
    if (b >= 0 && b < ' ' && b != '\t') {
      throw new IOException("control character between chunks");
    }
    return next;
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t';
  }
}
