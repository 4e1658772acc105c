package attolytics.schema;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * A growing byte array that takes fields of PostgreSQL's binary COPY format. A row is
 *
 * <pre>
 *   0          2            6                 6+n
 *   +----------+------------+-----------------+------------+--
 *   | columns  | length n   | value, n bytes  | length ... |
 *   | int16    | int32      |                 | -1: NULL   |
 *   +----------+------------+-----------------+------------+--
 * </pre>
 *
 * all big-endian. One thread at a time.
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-copy.html">COPY, Binary Format</a>
 */
public final class CopyBuffer {
  /** Thrown, without a stack trace, when the buffer would outgrow its limit. */
  @SuppressWarnings("StaticAssignmentOfThrowable") // they have no stack trace to get wrong
  public static final class LimitExceededException extends RuntimeException {
    private static final LimitExceededException FOR_GOOD = new LimitExceededException(false);
    private static final LimitExceededException FOR_NOW = new LimitExceededException(true);

    private final boolean temporary;

    private LimitExceededException(boolean temporary) {
      super("more bytes than the buffer may hold", null, false, false);
      this.temporary = temporary;
    }

    /** For a lack of memory that others have now. */
    public static LimitExceededException forNow() {
      return FOR_NOW;
    }

    /** Whether there would be room if others did not have it now. */
    public boolean isTemporary() {
      return temporary;
    }
  }

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final int limit;
  private final IntPredicate room;
  private byte[] bytes;
  private int size;

  /**
   * @param initialCapacity bytes
   * @param limit bytes that the buffer may grow to
   */
  public CopyBuffer(int initialCapacity, int limit) {
    this(initialCapacity, limit, more -> true);
  }

  /**
   * @param room takes that many more bytes of heap for the buffer, or returns false
   */
  public CopyBuffer(int initialCapacity, int limit, IntPredicate room) {
    this.bytes = new byte[initialCapacity];
    this.limit = limit;
    this.room = room;
  }

  /** Bytes written so far. */
  public int size() {
    return size;
  }

  /** Bytes of heap held, whether written or not. */
  public int capacity() {
    return bytes.length;
  }

  /** The backing array, valid up to {@link #size()} and until the next write. */
  public byte[] array() {
    return bytes;
  }

  /** Forgets everything past the first {@code newSize} bytes. */
  public void truncate(int newSize) {
    size = newSize;
  }

  public void putByte(int value) {
    int at = grow(1); // first: it may replace the array
    bytes[at] = (byte) value;
  }

  public void putShort(int value) {
    int at = grow(Short.BYTES);
    SHORT.set(bytes, at, (short) value);
  }

  public void putInt(int value) {
    int at = grow(Integer.BYTES);
    INT.set(bytes, at, value);
  }

  public void putLong(long value) {
    int at = grow(Long.BYTES);
    LONG.set(bytes, at, value);
  }

  public void put(byte[] source, int from, int length) {
    int at = grow(length);
    System.arraycopy(source, from, bytes, at, length);
  }

  /** The field of an absent value. */
  public void putNull() {
    putInt(-1);
  }

  /**
   * A text field: its length in bytes, then the characters as UTF-8.
   *
   * @return false if PostgreSQL would not take it (U+0000 or an unpaired surrogate); what was
   *     written is undefined then and has to be truncated
   */
  public boolean putText(char[] text, int from, int length) {
    int start = grow(Integer.BYTES + utf8Bound(text, from, length));
    int at = start + Integer.BYTES;
    byte[] out = bytes;
    for (int i = from, end = from + length; i < end; i++) {
      char c = text[i];
      if (c < 0x80) {
        if (c == 0) {
          return false;
        }
        out[at++] = (byte) c;
      } else if (c < 0x800) {
        out[at++] = (byte) (0xC0 | (c >> 6));
        out[at++] = (byte) (0x80 | (c & 0x3F));
      } else if (!Character.isSurrogate(c)) {
        out[at++] = (byte) (0xE0 | (c >> 12));
        out[at++] = (byte) (0x80 | ((c >> 6) & 0x3F));
        out[at++] = (byte) (0x80 | (c & 0x3F));
      } else {
        if (!Character.isHighSurrogate(c)
            || i + 1 == end
            || !Character.isLowSurrogate(text[i + 1])) {
          return false;
        }
        int codePoint = Character.toCodePoint(c, text[++i]);
        out[at++] = (byte) (0xF0 | (codePoint >> 18));
        out[at++] = (byte) (0x80 | ((codePoint >> 12) & 0x3F));
        out[at++] = (byte) (0x80 | ((codePoint >> 6) & 0x3F));
        out[at++] = (byte) (0x80 | (codePoint & 0x3F));
      }
    }
    INT.set(out, start, at - start - Integer.BYTES);
    size = at;
    return true;
  }

  /** Bytes that the text takes at most: counted only where three a character would not fit. */
  private int utf8Bound(char[] text, int from, int length) {
    if (3L * length <= limit - size - Integer.BYTES) {
      return 3 * length;
    }
    int count = length;
    for (int i = from; i < from + length; i++) {
      char c = text[i];
      if (c >= 0x80) {
        count += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
      }
    }
    return count;
  }

  /** Makes room for {@code length} more bytes and returns where they start. */
  private int grow(int length) {
    int start = size;
    int needed = start + length;
    if (needed > bytes.length || needed < 0) {
      enlarge(needed);
    }
    size = needed;
    return start;
  }

  private void enlarge(int needed) {
    if (needed < 0 || needed > limit) {
      throw LimitExceededException.FOR_GOOD;
    }
    int larger = Math.min(limit, Math.max(needed, 2 * bytes.length));
    if (!room.test(larger - bytes.length)) {
      larger = needed;
      if (!room.test(larger - bytes.length)) {
        throw LimitExceededException.FOR_NOW;
      }
    }
    bytes = Arrays.copyOf(bytes, larger);
  }
}
