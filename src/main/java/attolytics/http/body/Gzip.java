package attolytics.http.body;

import java.io.IOException;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Decompresses bodies into memory that is reused, up to a limit. Strict: an incomplete member is an
 * error, and so are bytes after the last one. Not thread-safe.
 *
 * <pre>
 *   1F 8B 08 | flags | time, 4 | hints | system | fields by flags | deflated … | CRC-32 | length
 * </pre>
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc1952">RFC 1952, GZIP file format</a>
 */
final class Gzip {
  private static final int FLAGS = 3;
  private static final int HEADER_BYTES = 10;
  private static final int TRAILER_BYTES = 8;

  private static final int CHECKSUM = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;
  private static final int RESERVED = 0xE0;

  private static final int FIRST_BYTES = 16 << 10;

  /** A larger output buffer is not kept for the next body. */
  private static final int MAX_KEPT_BYTES = 1 << 17;

  private final Inflater inflater = new Inflater(true);
  private final CRC32 checksum = new CRC32();
  private byte[] out = {};

  // State of the body that is being decompressed.
  private byte[] in = {};
  private int at;
  private int end;
  private int length;

  /** What {@link #inflate} wrote; valid until {@link #forget}. */
  byte[] bytes() {
    return out;
  }

  /** Releases the body, and the output buffer if it is large. */
  void forget() {
    in = new byte[0];
    inflater.reset(); // it has a reference to the body, too
    if (out.length > MAX_KEPT_BYTES) {
      out = new byte[0];
    }
  }

  /**
   * Decompresses a body.
   *
   * @param body compressed, from 0 to {@code bodyLength}
   * @param max length at which decompression stops
   * @return length of the result in {@link #bytes}; more than {@code max} if it is longer than that
   * @throws IOException if the body is not gzip, or incomplete
   */
  int inflate(byte[] body, int bodyLength, int max) throws IOException {
    in = body;
    at = 0;
    end = bodyLength;
    length = 0;
    do {
      skipHeader();
      if (!inflateMember(max)) {
        return length;
      }
      checkTrailer();
    } while (at < end);
    return length;
  }

  private void skipHeader() throws IOException {
    int start = at;
    at += HEADER_BYTES;
    require(at <= end && in[start] == 0x1F && in[start + 1] == (byte) 0x8B && in[start + 2] == 8);
    int flags = in[start + FLAGS];
    require((flags & RESERVED) == 0);
    if ((flags & EXTRA) != 0) {
      require(at + 2 <= end);
      at += 2 + littleEndian(2);
    }
    if ((flags & NAME) != 0) {
      skipText();
    }
    if ((flags & COMMENT) != 0) {
      skipText();
    }
    if ((flags & CHECKSUM) != 0) {
      at += 2;
    }
    require(at <= end);
  }

  private void skipText() throws IOException {
    while (at < end && in[at] != 0) {
      at++;
    }
    at++;
    require(at <= end);
  }

  /** False if the result is longer than the maximum. */
  private boolean inflateMember(int max) throws IOException {
    inflater.reset();
    inflater.setInput(in, at, end - at);
    int start = length;
    try {
      while (!inflater.finished()) {
        if (length > max) {
          return false;
        }
        if (length == out.length) {
          out = Arrays.copyOf(out, larger(max));
        }
        // Not out.length alone: an earlier body may have left a larger array.
        int room = Math.min(out.length, max + 1) - length;
        int count = inflater.inflate(out, length, room);
        require(count > 0 || inflater.finished());
        length += count;
      }
    } catch (DataFormatException e) {
      throw new IOException("invalid deflate data", e);
    }
    at = end - inflater.getRemaining();
    checksum.reset();
    checksum.update(out, start, length - start);
    return length <= max;
  }

  /** Not to just below the limit, and then once more: both arrays are in memory meanwhile. */
  private int larger(int max) {
    long doubled = Math.max(FIRST_BYTES, 2L * length);
    return doubled < max ? (int) doubled : max + 1;
  }

  private void checkTrailer() throws IOException {
    require(at + TRAILER_BYTES <= end);
    // The length of this member, modulo 2^32; the limit is smaller.
    require((int) checksum.getValue() == littleEndian(4));
    at += 4;
    require((int) inflater.getBytesWritten() == littleEndian(4));
    at += 4;
  }

  private int littleEndian(int bytes) {
    int value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = (value << 8) | (in[at + i] & 0xFF);
    }
    return value;
  }

  private static void require(boolean valid) throws IOException {
    if (!valid) {
      throw new IOException("not gzip, or incomplete");
    }
  }
}
