package attolytics.http.body;

import java.io.IOException;

/**
 * Takes the chunked coding off a body.
 *
 * <pre>
 *   4;extension CRLF data CRLF  …  0 CRLF trailer: field CRLF CRLF
 * </pre>
 *
 * <p>Strict, for a server that finds the end of a body elsewhere than the proxy before it takes a
 * part of the body for the next request. Extensions and trailers are read and ignored.
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

  /** Bytes between the data of two chunks, or behind that of the last one. */
  private static final int MAX_FRAMING_BYTES = 8 << 10;

  private static final long MAX_SIZE = Long.MAX_VALUE >> 4;

  private State state = State.SIZE;
  private boolean anyDigit;
  private long remaining;
  private int framingBytes;
  private int consumed;

  /**
   * Decodes what came, in place.
   *
   * @param bytes what came, from {@code from} to {@code to}; the data stands from {@code from} on
   *     afterwards
   * @return how many bytes of data there are
   * @throws IOException if this is not how chunks are written
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
          throw new IOException("too much between the chunks");
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

  /** Offset of the first byte that {@link #decode} was given and that is no part of the body. */
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
        throw new IOException("a chunk larger than can be counted");
      }
      remaining = (remaining << 4) + digit;
      return State.SIZE;
    }
    if (!anyDigit) {
      throw new IOException("a chunk without a size");
    }
    return b == '\r' ? State.SIZE_LF : extension(b, isBlank(b));
  }

  /** Blanks may stand before the semicolon that an extension begins with. */
  private static State extension(byte b, boolean blank) throws IOException {
    return blank ? State.AFTER_SIZE : expect(b, ';', State.EXTENSION);
  }

  private State afterLineFeed(byte b, State next) throws IOException {
    anyDigit = false;
    return expect(b, '\n', next);
  }

  private static State expect(byte b, char expected, State next) throws IOException {
    if (b != expected) {
      throw new IOException("a malformed chunk");
    }
    return next;
  }

  private static State text(byte b, State next) throws IOException {
    if (b >= 0 && b < ' ' && b != '\t') {
      throw new IOException("a control character between the chunks");
    }
    return next;
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t';
  }
}
