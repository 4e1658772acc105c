package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.JsonReader;
import attolytics.encoding.Jsonb;
import attolytics.encoding.ValueError;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Collects the fields of an event that are not those of columns, for a column with {@code rest}.
 */
final class RestFields {
  /** A larger buffer is not kept for the next event. */
  private static final int MAX_KEPT_BYTES = 1 << 16;

  /** The names of more fields are not kept, nor their hash table. */
  private static final int MAX_KEPT_NAMES = 2048;

  private CopyBuffer members = new CopyBuffer(256, Integer.MAX_VALUE);
  private Set<String> names = new HashSet<>();

  /** Discards the fields of the previous event. */
  void clear() {
    if (members.capacity() > MAX_KEPT_BYTES) {
      members = new CopyBuffer(256, Integer.MAX_VALUE);
    }
    members.truncate(0);
    if (names.size() > MAX_KEPT_NAMES) {
      names = new HashSet<>();
    }
    names.clear();
  }

  /** Adds a name; returns false if the event has had it before. */
  boolean addName(String name) {
    return names.add(name);
  }

  /**
   * Adds the field whose name is the current token, and reads its value.
   *
   * @return null, or why the field cannot be stored; it is then left out, and the reader is at the
   *     name or value that is the cause
   */
  @Nullable ValueError add(JsonReader json) throws IOException {
    if (json.nameHasNulOrLoneSurrogate()) {
      return ValueError.INVALID_STRING;
    }
    int start = members.size();
    members.putByte(start == 0 ? '{' : ',');
    putName(json.name());
    json.nextToken();
    ValueError error = Jsonb.putValue(json, members);
    if (error != null) {
      members.truncate(start);
    }
    return error;
  }

  private void putName(String name) {
    byte[] quoted = JsonStringEncoder.getInstance().quoteAsUTF8(name);
    members.putByte('"');
    members.put(quoted, 0, quoted.length);
    members.putByte('"');
    members.putByte(':');
  }

  boolean isEmpty() {
    return members.size() == 0;
  }

  /** Writes an object of the fields. */
  void put(CopyBuffer rows) {
    members.putByte('}');
    Jsonb.putField(members.array(), members.size(), rows);
  }
}
