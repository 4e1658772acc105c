package attolytics.encoding;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * A growing byte array of rows in PostgreSQL's binary COPY format. A row is
 *
 * <pre>
 *   0          2            6                 6+n
 *   +----------+------------+-----------------+------------+--
 *   | columns  | length n   | value, n bytes  | length ... |
 *   | int16    | int32      |                 | -1: NULL   |
 *   +----------+------------+-----------------+------------+--
 * </pre>
 *
 * all big-endian. Not thread-safe.
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-copy.html">COPY, Binary Format</a>
 */
public final class CopyBuffer {
  /** Thrown, without a stack trace, when the buffer would outgrow its limit. */
  @SuppressWarnings("StaticAssignmentOfThrowable") // they have no stack trace
  public static final class LimitExceededException extends RuntimeException {
    private static final LimitExceededException PERMANENT = new LimitExceededException(false);
    private static final LimitExceededException TEMPORARY = new LimitExceededException(true);

    private final boolean temporary;

    private LimitExceededException(boolean temporary) {
      super("the buffer would exceed its limit", null, false, false);
      this.temporary = temporary;
    }

    /** The buffer is within its own limit, but the memory that it shares is exhausted. */
    public static LimitExceededException temporary() {
      return TEMPORARY;
    }

    /** Whether a later attempt may succeed, because the missing memory is in use elsewhere. */
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
  private final IntPredicate reserve;
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
   * @param reserve reserves that many more bytes of heap, or returns false
   */
  public CopyBuffer(int initialCapacity, int limit, IntPredicate reserve) {
    this.bytes = new byte[initialCapacity];
    this.limit = limit;
    this.reserve = reserve;
  }

  /** Bytes written so far. */
  public int size() {
    return size;
  }

  /** Bytes of heap allocated. */
  public int capacity() {
    return bytes.length;
  }

  /** The backing array, valid up to {@link #size()} and until the next write. */
  public byte[] array() {
    return bytes;
  }

  /** Discards all but the first {@code newSize} bytes. */
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

  /** Overwrites an integer. */
  void setInt(int at, int value) {
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

  /** The size in bytes of the field at an offset, including its length word. */
  public static int fieldBytes(byte[] fields, int at) {
    int length = (int) INT.get(fields, at);
    return Integer.BYTES + Math.max(length, 0); // -1 is NULL
  }

  /** The size in bytes of the row at an offset. */
  public static int rowBytes(byte[] rows, int at) {
    int end = at + Short.BYTES;
    for (int field = (short) SHORT.get(rows, at); field > 0; field--) {
      end += fieldBytes(rows, end);
    }
    return end - at;
  }

  /** The integer in the field at an offset, which has four or eight bytes. */
  public static long fieldInteger(byte[] fields, int at) {
    int value = at + Integer.BYTES;
    boolean isInt = (int) INT.get(fields, at) == Integer.BYTES;
    return isInt ? (int) INT.get(fields, value) : (long) LONG.get(fields, value);
  }

  /** A NULL field. */
  public void putNull() {
    putInt(-1);
  }

  /** A field of one byte. */
  public void putField1(int value) {
    int at = grow(Integer.BYTES + 1);
    INT.set(bytes, at, 1);
    bytes[at + Integer.BYTES] = (byte) value;
  }

  /** A field of four bytes. */
  public void putField4(int value) {
    int at = grow(2 * Integer.BYTES);
    INT.set(bytes, at, Integer.BYTES);
    INT.set(bytes, at + Integer.BYTES, value);
  }

  /** A field of eight bytes. */
  public void putField8(long value) {
    int at = grow(Integer.BYTES + Long.BYTES);
    INT.set(bytes, at, Long.BYTES);
    LONG.set(bytes, at + Integer.BYTES, value);
  }

  /** A field of any bytes. */
  public void putField(byte[] source, int from, int length) {
    int at = grow(Integer.BYTES + length);
    INT.set(bytes, at, length);
    System.arraycopy(source, from, bytes, at + Integer.BYTES, length);
  }

  /** Grows by {@code length} bytes and returns the offset of the first. */
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
      throw LimitExceededException.PERMANENT;
    }
    int larger = Math.min(limit, Math.max(needed, 2 * bytes.length));
    if (!reserve.test(larger - bytes.length)) {
      // Smaller, but larger than needed, so that the next byte does not copy everything again.
      larger = Math.min(limit, Math.max(needed, bytes.length + bytes.length / 8));
      if (!reserve.test(larger - bytes.length)) {
        throw LimitExceededException.TEMPORARY;
      }
    }
    bytes = Arrays.copyOf(bytes, larger);
  }
}
