package attolytics.bench.jmh;

import attolytics.buffer.Batch;
import attolytics.encoding.CopyBuffer;
import attolytics.encoding.DateTimes;
import attolytics.json.Utf8;
import attolytics.schema.Column;
import attolytics.schema.Table;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Encodes events of one table, as {@link JacksonDecoder} reads them, as rows. */
final class JacksonRows {
  private static final int NONE = -1;

  private final Table table;
  private final String tableName;
  private final Column[] columns;
  private final String[] names;
  private final Map<String, Integer> ordinals = new HashMap<>();

  // Of the event: where the fields start, and which column comes next.
  private final int[] starts;
  private final boolean[] given;
  private byte[] bytes = new byte[256]; // of a text, or of a row to be sorted

  JacksonRows(Table table) {
    this.table = table;
    tableName = table.name();
    columns = table.columns().toArray(new Column[0]);
    names = new String[columns.length];
    starts = new int[columns.length];
    given = new boolean[columns.length];
    for (int i = 0; i < columns.length; i++) {
      names[i] = columns[i].field().intern();
      ordinals.put(names[i], i);
    }
  }

  boolean isNamed(char[] text, int from, int length) {
    if (length != tableName.length()) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (text[from + i] != tableName.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Reads the rest of an event; returns null, or the field that is wrong. */
  @Nullable String read(JsonParser json, Batch into) throws IOException {
    CopyBuffer rows = into.rows();
    int rowStart = rows.size();
    rows.putShort(columns.length);
    Arrays.fill(given, false);
    boolean inOrder = true;
    int next = 0;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      int ordinal = ordinal(json.currentName(), next);
      if (ordinal < 0 || given[ordinal] || columns[ordinal].isFromRequest()) {
        return json.currentName();
      }
      inOrder &= ordinal >= next;
      next = Math.max(putNulls(next, ordinal, rows), ordinal + 1);
      given[ordinal] = true;
      starts[ordinal] = rows.size();
      if (!put(columns[ordinal], json.nextToken(), json, rows)) {
        return names[ordinal];
      }
    }
    putNulls(next, columns.length, rows);
    for (int i = 0; i < columns.length; i++) {
      if (columns[i].required() && rows.array()[starts[i]] < 0) {
        return names[i];
      }
    }
    if (!inOrder) {
      sort(rows, rowStart);
    }
    into.endRow(table);
    return null;
  }

  private int ordinal(String name, int expected) {
    if (expected < names.length && isSame(names[expected], name)) {
      return expected;
    }
    return ordinals.getOrDefault(name, -1);
  }

  @SuppressWarnings("ReferenceEquality") // of interned strings
  private static boolean isSame(String a, String b) {
    return a == b;
  }

  /** Fields that are absent so far; without HTTP, there are no headers to fill them from. */
  private int putNulls(int from, int to, CopyBuffer rows) {
    for (int i = from; i < to; i++) {
      starts[i] = rows.size();
      rows.putNull();
    }
    return Math.max(from, to);
  }

  private boolean put(Column column, JsonToken token, JsonParser json, CopyBuffer rows)
      throws IOException {
    if (token == JsonToken.VALUE_NULL) {
      rows.putNull();
      return true;
    }
    return switch (column.type().scalar()) {
      case I32 -> putInteger(token, json, rows);
      case TIMESTAMP -> putTime(token, json, rows);
      case STRING -> putString(token, json, rows);
      default -> throw new IllegalArgumentException("no column of the example's: " + column);
    };
  }

  private static boolean putInteger(JsonToken token, JsonParser json, CopyBuffer rows)
      throws IOException {
    if (token != JsonToken.VALUE_NUMBER_INT || json.getNumberType() != NumberType.INT) {
      return false;
    }
    rows.putField4(json.getIntValue());
    return true;
  }

  private boolean putTime(JsonToken token, JsonParser json, CopyBuffer rows) throws IOException {
    if (token != JsonToken.VALUE_STRING && !token.isNumeric()) {
      return false;
    }
    int length = toUtf8(json);
    long micros =
        length < 0
            ? DateTimes.NONE
            : token == JsonToken.VALUE_STRING
                ? DateTimes.parseRfc3339(bytes, 0, length)
                : DateTimes.parseEpochSeconds(bytes, 0, length);
    if (micros == DateTimes.NONE) {
      return false;
    }
    rows.putField8(micros);
    return true;
  }

  private boolean putString(JsonToken token, JsonParser json, CopyBuffer rows) throws IOException {
    int length = token == JsonToken.VALUE_STRING ? toUtf8(json) : NONE;
    if (length < 0) {
      return false;
    }
    rows.putField(bytes, 0, length);
    return true;
  }

  /** Encodes the parser's text, and returns the length, or -1 if PostgreSQL has no such text. */
  private int toUtf8(JsonParser json) throws IOException {
    char[] text = json.getTextCharacters();
    int from = json.getTextOffset();
    int end = from + json.getTextLength();
    if (bytes.length < 3 * (end - from)) {
      bytes = new byte[6 * (end - from)];
    }
    int length = 0;
    for (int i = from; i < end; i++) {
      char c = text[i];
      if (c > 0 && c < 0x80) {
        bytes[length++] = (byte) c;
      } else if (Character.isHighSurrogate(c)
          && i + 1 < end
          && Character.isLowSurrogate(text[i + 1])) {
        length = Utf8.put(Character.toCodePoint(c, text[++i]), bytes, length);
      } else if (c == 0 || Character.isSurrogate(c)) {
        return NONE;
      } else {
        length = Utf8.put(c, bytes, length);
      }
    }
    return length;
  }

  private void sort(CopyBuffer rows, int rowStart) {
    int length = rows.size() - rowStart;
    if (bytes.length < length) {
      bytes = new byte[2 * length];
    }
    System.arraycopy(rows.array(), rowStart, bytes, 0, length);
    rows.truncate(rowStart + Short.BYTES);
    for (int start : starts) {
      rows.put(bytes, start - rowStart, CopyBuffer.fieldBytes(bytes, start - rowStart));
    }
  }
}
