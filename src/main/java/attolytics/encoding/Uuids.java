package attolytics.encoding;

/** Encodes UUIDs such as {@code 123e4567-e89b-12d3-a456-426614174000}, in either case. */
public final class Uuids {
  private static final int BYTES = 16;
  private static final int CHARS = 36;

  private Uuids() {}

  /**
   * Writes a UUID as a field.
   *
   * @return false if the text is not a UUID; the caller must then truncate what was written
   */
  public static boolean put(byte[] text, int from, int length, CopyBuffer out) {
    if (length != CHARS) {
      return false;
    }
    out.putInt(BYTES);
    for (int i = 0; i < CHARS; i += 2) {
      if (i == 8 || i == 13 || i == 18 || i == 23) {
        if (text[from + i] != '-') {
          return false;
        }
        i++;
      }
      int high = Character.digit(text[from + i] & 0xFF, 16);
      int low = Character.digit(text[from + i + 1] & 0xFF, 16);
      if ((high | low) < 0) {
        return false;
      }
      out.putByte(high << 4 | low);
    }
    return true;
  }
}
