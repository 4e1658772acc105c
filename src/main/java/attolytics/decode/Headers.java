package attolytics.decode;

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

  /** When the first byte of the request arrived. */
  default Instant receivedAt() {
    return Instant.now();
  }
}
