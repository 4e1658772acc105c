package attolytics.encoding;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Encodes JSON values as fields of COPY's binary format. Immutable, and shared by threads. */
@FunctionalInterface
public interface ValueEncoder {
  /**
   * Writes the current value, which is not null, as a field. Of an array or object, only the
   * opening bracket has been read; the method may read more of it.
   *
   * @return null, or why the value is invalid: the reader is then at the invalid value, and the
   *     caller must truncate what was written
   * @throws IOException if the rest of the value is not JSON
   */
  @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException;
}
