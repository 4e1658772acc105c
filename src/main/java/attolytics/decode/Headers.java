package attolytics.decode;

import attolytics.encoding.Utf8;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The headers of a request, for columns with {@code header}. */
@FunctionalInterface
public interface Headers {
  /**
   * The first value of a header, one char per byte, or null.
   *
   * @param name case-insensitive; {@link attolytics.schema.Quarantine#CLIENT_IP} stands for the
   *     address of the client
   */
  @Nullable String first(String name);

  /**
   * What the bytes of a value mean: UTF-8, or else Latin-1, the historical default. NUL is
   * replaced, as RFC 9110, section 5.5 recommends.
   *
   * @param value one char per byte
   */
  static String text(String value) {
    return new String(utf8(value), StandardCharsets.UTF_8);
  }

  /** The same, in UTF-8. */
  static byte[] utf8(String value) {
    String text = value.replace('\0', ' ');
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return Utf8.firstMalformed(bytes, bytes.length) < 0
        ? bytes
        : text.getBytes(StandardCharsets.UTF_8);
  }

  /** When the first byte of the request arrived. */
  default Instant receivedAt() {
    return Instant.now();
  }
}
