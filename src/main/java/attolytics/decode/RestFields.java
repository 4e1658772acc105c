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
 *
 * <p>Clients can make this ten times as large as the body, by many short names. What an event takes
 * beyond {@link #MAX_KEPT_BYTES} is therefore reserved in the budget of the request meanwhile.
 */
final class RestFields {
  /** What is not reserved. Where an event takes more, nothing of it is kept for the next one. */
  private static final int MAX_KEPT_BYTES = 1 << 16;

  /** The least that is reserved at once, as all threads share the budget. */
  private static final int STEP_BYTES = 1 << 16;

  /** The heap that a name takes besides its characters: a string, its array, and a hash entry. */
  private static final int NAME_BYTES = 96;

  private static final int INITIAL_BYTES = 256;

  private final CurrentRequest request;
  private CopyBuffer members = newMembers();
  private Set<String> names = new HashSet<>();
  private long heapBytes = INITIAL_BYTES;
  private long reserved;

  RestFields(CurrentRequest request) {
    this.request = request;
  }

  private CopyBuffer newMembers() {
    return new CopyBuffer(INITIAL_BYTES, Integer.MAX_VALUE, this::tryReserve);
  }

  /** Discards the fields of the event. */
  void clear() {
    if (reserved > 0) {
      request.batch().release(reserved);
      reserved = 0;
      members = newMembers();
      names = new HashSet<>();
    } else {
      members.truncate(0);
      names.clear();
    }
    heapBytes = members.capacity();
  }

  private boolean tryReserve(int bytes) {
    long missing = heapBytes + bytes - MAX_KEPT_BYTES - reserved;
    if (missing > 0) {
      int step = (int) Math.max(missing, STEP_BYTES);
      if (!request.batch().tryReserve(step)) {
        return false;
      }
      reserved += step;
    }
    heapBytes += bytes;
    return true;
  }

  /**
   * Adds a name; returns false if the event has had it before.
   *
   * @throws CopyBuffer.LimitExceededException if there is no memory for it
   */
  boolean addName(String name) {
    if (!tryReserve(NAME_BYTES + 2 * name.length())) {
      throw CopyBuffer.LimitExceededException.temporary();
    }
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
