package attolytics.encoding;

import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Encodes integers of four or eight bytes. */
public final class Integers {
  /** The maximum number of digits of a 64-bit integer. */
  private static final int MAX_DIGITS = 19;

  private Integers() {}

  /**
   * Writes a JSON number without a fraction and exponent.
   *
   * @param min the minimum of the type, of 32 or 64 bits
   */
  public static @Nullable ValueError encode(JsonReader json, long min, CopyBuffer out)
      throws IOException {
    if (json.token() != JsonToken.VALUE_NUMBER_INT) {
      return ValueError.TYPE_MISMATCH;
    }
    Text text = json.text();
    byte[] bytes = text.bytes();
    int at = text.start();
    int end = at + text.length();
    boolean negative = bytes[at] == '-';
    if (negative) {
      at++;
    }
    if (end - at > MAX_DIGITS) { // there are no leading zeros
      return ValueError.OUT_OF_RANGE;
    }
    // The sum is negative, as the negative range is larger by one. An overflow makes it positive.
    long sum = 0;
    for (; at < end; at++) {
      sum = sum * 10 - (bytes[at] - '0');
    }
    if (sum > 0 || sum < (negative ? min : min + 1)) {
      return ValueError.OUT_OF_RANGE;
    }
    long value = negative ? sum : -sum;
    if (min == Integer.MIN_VALUE) {
      out.putField4((int) value);
    } else {
      out.putField8(value);
    }
    return null;
  }
}
