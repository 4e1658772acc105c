package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.Jsonb;
import attolytics.encoding.ValueError;
import attolytics.json.JsonReader;
import attolytics.json.Kind;
import attolytics.json.MalformedJsonException;
import org.jspecify.annotations.Nullable;

/**
 * Collects the fields of an event that are not those of columns, for a column with {@code rest}.
 */
final class RestFields {
  /** A larger buffer is not kept for the next event. */
  private static final int MAX_KEPT_BYTES = 1 << 16;

  private CopyBuffer members = new CopyBuffer(256, Integer.MAX_VALUE);
  private final NameSet names = new NameSet();

  /** Discards the fields of the previous event. */
  void clear() {
    if (members.capacity() > MAX_KEPT_BYTES) {
      members = new CopyBuffer(256, Integer.MAX_VALUE);
    }
    members.truncate(0);
    names.clear();
  }

  /** Adds the name that was just read; returns false if the event has had it before. */
  boolean addName(JsonReader json) {
    return names.add(json.text());
  }

  /**
   * Adds the field whose name was just read, and reads its value.
   *
   * @param nameStart the offset of the name
   * @return null, or why the field cannot be stored; it is then left out
   */
  @Nullable ValueError add(JsonReader json, int nameStart) throws MalformedJsonException {
    int start = members.size();
    ValueError error = json.text().hasNulOrLoneSurrogate() ? ValueError.INVALID_STRING : null;
    members.putByte(start == 0 ? '{' : ',');
    if (error == null) {
      Jsonb.putText(json.bytes(), nameStart, json.position(), members); // with the colon
    }
    Kind kind = json.value();
    if (error == null) {
      error = Jsonb.putValue(kind, json, members);
    }
    if (error != null) {
      members.truncate(start);
    }
    return error;
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
