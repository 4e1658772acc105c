package attolytics.bench.load;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A request whose events can be given new times, since in life no two requests come with the same
 * ones, and since an index on times that repeat is another index.
 */
public final class Body {
  /** Microseconds since 1970; of ten digits of seconds, as all times up to the year 2286. */
  static final long FIRST_TIME = 1_750_000_000_000_000L;

  /** Digits before the point. */
  private static final int SECONDS = 10;

  /** Digits after the point. */
  private static final int MICROS = 6;

  private final byte[] head;
  private final byte[] json;
  private final int[] times;

  /**
   * @param path that it is posted to
   * @param headers more of them, each with its end of line, or empty
   * @param times where the events' times stand, each {@code 0000000000.000000}
   */
  public Body(String path, String headers, byte[] json, int[] times) {
    this.json = json;
    this.times = times;
    String text =
        "POST "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + headers
            + "Content-Length: "
            + json.length
            + "\r\n\r\n";
    head = text.getBytes(StandardCharsets.US_ASCII);
  }

  public byte[] json() {
    return json;
  }

  /** Those that become rows. */
  int events() {
    return times.length;
  }

  /** Bytes of the whole request. */
  int size() {
    return head.length + json.length;
  }

  /** Writes the whole request. */
  void writeTo(ByteBuffer out) {
    out.put(head).put(json);
  }

  /** Gives the events times that are a microsecond apart. */
  void stamp(long firstMicros) {
    for (int i = 0; i < times.length; i++) {
      long micros = firstMicros + i;
      int seconds = (int) (micros / 1_000_000);
      digits((int) (micros - seconds * 1_000_000L), times[i] + SECONDS + 1, MICROS);
      digits(seconds, times[i], SECONDS);
    }
  }

  private void digits(int number, int from, int count) {
    int left = number;
    for (int at = from + count - 1; at >= from; at--) {
      int quotient = left / 10;
      json[at] = (byte) ('0' + left - 10 * quotient);
      left = quotient;
    }
  }
}
