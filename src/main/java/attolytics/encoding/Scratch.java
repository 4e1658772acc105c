package attolytics.encoding;

/** Memory for bytes that are needed for a moment; a large array is not kept. Not thread-safe. */
public final class Scratch {
  private static final int MAX_KEPT_BYTES = 1 << 16;

  private byte[] kept = {};

  /** An array of at least that length, until the next call. */
  public byte[] atLeast(int length) {
    if (length <= kept.length) {
      return kept;
    }
    byte[] larger = new byte[Math.max(length, Math.min(2 * length, MAX_KEPT_BYTES))];
    if (larger.length <= MAX_KEPT_BYTES) {
      kept = larger;
    }
    return larger;
  }
}
