package attolytics.encoding;

import attolytics.json.JsonReader;
import attolytics.json.Kind;
import attolytics.json.MalformedJsonException;
import org.jspecify.annotations.Nullable;

/** Encodes JSON values as fields of COPY's binary format. Immutable, and shared by threads. */
@FunctionalInterface
public interface ValueEncoder {
  /**
   * Writes the value that was just read, which is not null, as a field. Of an array or object, only
   * the opening bracket has been read; the method may read more of it.
   *
   * @param kind of the value
   * @return null, or why the value is invalid: the reader is then at the invalid value, and the
   *     caller must truncate what was written
   * @throws MalformedJsonException if the rest of an array or object is not JSON
   */
  @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out)
      throws MalformedJsonException;
}
