package attolytics.encoding;

import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Encodes one-dimensional arrays. The value of a field, in the format of {@code array_recv}, is
 *
 * <pre>
 *   0            4           8             12        16            20
 *   +------------+-----------+-------------+---------+-------------+---------------+--
 *   | dimensions | has nulls | element OID | length  | lower bound | element field | ...
 *   | int32 = 1  | int32     | int32       | int32   | int32 = 1   |               |
 *   +------------+-----------+-------------+---------+-------------+---------------+--
 * </pre>
 *
 * An empty array has no dimensions and ends after the OID.
 */
public final class ArrayField {
  private ArrayField() {}

  /**
   * Writes the array whose opening bracket is the current token.
   *
   * @param element encodes the elements that are not null
   * @param oid of the type of the elements, in {@code pg_type}
   * @return null, or why the current element is invalid
   */
  public static @Nullable ValueError encode(
      JsonReader json, ValueEncoder element, int oid, CopyBuffer out) throws IOException {
    int field = out.size();
    out.putInt(0); // the size of the field
    int dimensions = out.size();
    out.putInt(1);
    int nulls = out.size();
    out.putInt(0);
    out.putInt(oid);
    int end = out.size();
    out.putInt(0); // the length of the array
    out.putInt(1);
    int length = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (json.token() == JsonToken.VALUE_NULL) {
        out.putNull();
        out.setInt(nulls, 1);
      } else {
        ValueError error = element.encode(json, out);
        if (error != null) {
          return error;
        }
      }
      length++;
    }
    if (length == 0) {
      out.setInt(dimensions, 0);
      out.truncate(end);
    } else {
      out.setInt(end, length);
    }
    out.setInt(field, out.size() - dimensions);
    return null;
  }
}
