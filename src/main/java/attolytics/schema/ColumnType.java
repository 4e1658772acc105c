package attolytics.schema;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.NumberInput;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The types of columns. Each says here, in one place, which JSON it takes, which bytes of a binary
 * COPY that becomes, and which type it has in PostgreSQL. A new type is a new constant.
 */
public enum ColumnType {
  BOOL("bool", "true or false", "BOOL", "boolean") {
    @Override
    public @Nullable ValueError encode(JsonParser json, CopyBuffer out) {
      JsonToken token = json.currentToken();
      if (!token.isBoolean()) {
        return ValueError.TYPE_MISMATCH;
      }
      out.putInt(1);
      out.putByte(token == JsonToken.VALUE_TRUE ? 1 : 0);
      return null;
    }
  },

  I32("i32", "an integer", "INT4", "integer") {
    @Override
    public @Nullable ValueError encode(JsonParser json, CopyBuffer out) throws IOException {
      return putInteger(json, Integer.MIN_VALUE, out);
    }
  },

  I64("i64", "an integer", "INT8", "bigint") {
    @Override
    public @Nullable ValueError encode(JsonParser json, CopyBuffer out) throws IOException {
      return putInteger(json, Long.MIN_VALUE, out);
    }
  },

  F32("f32", "a number", "FLOAT4", "real") {
    @Override
    public @Nullable ValueError encode(JsonParser json, CopyBuffer out) throws IOException {
      if (!json.currentToken().isNumeric()) {
        return ValueError.TYPE_MISMATCH;
      }
      // Straight from the digits: by way of a double, a value could be rounded twice.
      float value =
          NumberInput.parseFloat(
              json.getTextCharacters(), json.getTextOffset(), json.getTextLength(), true);
      if (Float.isInfinite(value)) {
        return ValueError.OUT_OF_RANGE;
      }
      out.putInt(Float.BYTES);
      out.putInt(Float.floatToRawIntBits(value));
      return null;
    }
  },

  F64("f64", "a number", "FLOAT8", "double precision") {
    @Override
    public @Nullable ValueError encode(JsonParser json, CopyBuffer out) throws IOException {
      if (!json.currentToken().isNumeric()) {
        return ValueError.TYPE_MISMATCH;
      }
      double value =
          NumberInput.parseDouble(
              json.getTextCharacters(), json.getTextOffset(), json.getTextLength(), true);
      if (Double.isInfinite(value)) {
        return ValueError.OUT_OF_RANGE;
      }
      out.putInt(Double.BYTES);
      out.putLong(Double.doubleToRawLongBits(value));
      return null;
    }
  },

  STRING("string", "a string", "VARCHAR", "character varying", "text") {
    @Override
    public @Nullable ValueError encode(JsonParser json, CopyBuffer out) throws IOException {
      if (json.currentToken() != JsonToken.VALUE_STRING) {
        return ValueError.TYPE_MISMATCH;
      }
      return out.putText(json.getTextCharacters(), json.getTextOffset(), json.getTextLength())
          ? null
          : ValueError.INVALID_STRING;
    }
  },

  TIMESTAMP(
      "timestamp",
      "seconds since 1970 or an RFC 3339 date-time",
      "TIMESTAMPTZ",
      "timestamp with time zone") {
    @Override
    public @Nullable ValueError encode(JsonParser json, CopyBuffer out) throws IOException {
      JsonToken token = json.currentToken();
      boolean text = token == JsonToken.VALUE_STRING;
      if (!text && !token.isNumeric()) {
        return ValueError.TYPE_MISMATCH;
      }
      char[] chars = json.getTextCharacters();
      int from = json.getTextOffset();
      int length = json.getTextLength();
      long micros =
          text
              ? Timestamps.parseRfc3339(chars, from, length)
              : Timestamps.parseEpochSeconds(chars, from, length);
      if (micros == Timestamps.NONE) {
        return text ? ValueError.INVALID_TIMESTAMP : ValueError.OUT_OF_RANGE;
      }
      out.putInt(Long.BYTES);
      out.putLong(micros);
      return null;
    }
  };

  private static final Map<String, ColumnType> BY_NAME = new HashMap<>();

  static {
    for (ColumnType type : values()) {
      BY_NAME.put(type.schemaName, type);
    }
  }

  private final String schemaName;
  private final String takes;
  private final String sqlName;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<String> sqlTypes;

  /**
   * @param takes the JSON that the type takes, in words
   * @param sqlTypes the types that an existing column may have, as {@code regtype} prints them
   */
  ColumnType(String schemaName, String takes, String sqlName, String... sqlTypes) {
    this.schemaName = schemaName;
    this.takes = takes;
    this.sqlName = sqlName;
    this.sqlTypes = List.of(sqlTypes);
  }

  /** The type of that name in the schema file, or null. */
  public static @Nullable ColumnType named(String schemaName) {
    return BY_NAME.get(schemaName);
  }

  /** The type's name in the schema file. */
  public String schemaName() {
    return schemaName;
  }

  /** The JSON that the type takes, in words. */
  public String takes() {
    return takes;
  }

  /** The type's name in {@code CREATE TABLE}. */
  public String sqlName() {
    return sqlName;
  }

  /** The types that an existing column may have, as PostgreSQL's {@code regtype} prints them. */
  public List<String> sqlTypes() {
    return sqlTypes;
  }

  /**
   * Writes the parser's current value, which is not null, as one field of a COPY row.
   *
   * @return null, or why the value does not fit; what was written is undefined then and has to be
   *     truncated
   */
  public abstract @Nullable ValueError encode(JsonParser json, CopyBuffer out) throws IOException;

  /** Writes an integer of four or eight bytes, whose least value is {@code min}. */
  private static @Nullable ValueError putInteger(JsonParser json, long min, CopyBuffer out)
      throws IOException {
    if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      return ValueError.TYPE_MISMATCH;
    }
    char[] text = json.getTextCharacters();
    int at = json.getTextOffset();
    int end = at + json.getTextLength();
    boolean negative = text[at] == '-';
    if (negative) {
      at++;
    }
    // Summed up below zero, where there is one value more than above.
    long limit = negative ? min : min + 1;
    long sum = 0;
    for (; at < end; at++) {
      int digit = text[at] - '0';
      if (sum < limit / 10 || sum * 10 < limit + digit) {
        return ValueError.OUT_OF_RANGE;
      }
      sum = sum * 10 - digit;
    }
    long value = negative ? sum : -sum;
    if (min == Integer.MIN_VALUE) {
      out.putInt(Integer.BYTES);
      out.putInt((int) value);
    } else {
      out.putInt(Long.BYTES);
      out.putLong(value);
    }
    return null;
  }
}
