package attolytics.schema;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.DateTimes;
import attolytics.encoding.Jsonb;
import attolytics.encoding.Uuids;
import attolytics.encoding.ValueError;
import attolytics.json.JsonReader;
import attolytics.json.Kind;
import attolytics.json.MalformedJsonException;
import attolytics.json.Text;
import com.fasterxml.jackson.core.io.NumberInput;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The types of columns. Each constant defines which JSON values a type accepts, their encoding in
 * COPY's binary format, and the type in PostgreSQL. To add a type, add a constant.
 */
public enum ColumnType {
  BOOL("bool", "true or false", "BOOL", "boolean") {
    @Override
    public @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out) {
      if (kind != Kind.TRUE && kind != Kind.FALSE) {
        return ValueError.TYPE_MISMATCH;
      }
      out.putField1(kind == Kind.TRUE ? 1 : 0);
      return null;
    }
  },

  I32("i32", "an integer", "INT4", "integer") {
    @Override
    public @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out) {
      return putInteger(kind, json, Integer.MIN_VALUE, out);
    }
  },

  I64("i64", "an integer", "INT8", "bigint") {
    @Override
    public @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out) {
      return putInteger(kind, json, Long.MIN_VALUE, out);
    }
  },

  F32("f32", "a number", "FLOAT4", "real") {
    @Override
    public @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out) {
      if (!kind.isNumber()) {
        return ValueError.TYPE_MISMATCH;
      }
      // Not by way of a double, which would round twice.
      Text text = json.text();
      float value = NumberInput.parseFloat(text.asciiChars(), 0, text.length(), true);
      if (Float.isInfinite(value)) {
        return ValueError.OUT_OF_RANGE;
      }
      out.putField4(Float.floatToRawIntBits(value));
      return null;
    }
  },

  F64("f64", "a number", "FLOAT8", "double precision") {
    @Override
    public @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out) {
      if (!kind.isNumber()) {
        return ValueError.TYPE_MISMATCH;
      }
      Text text = json.text();
      double value = NumberInput.parseDouble(text.asciiChars(), 0, text.length(), true);
      if (Double.isInfinite(value)) {
        return ValueError.OUT_OF_RANGE;
      }
      out.putField8(Double.doubleToRawLongBits(value));
      return null;
    }
  },

  STRING("string", "a string", "VARCHAR", "character varying", "text") {
    @Override
    public @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out) {
      if (kind != Kind.STRING) {
        return ValueError.TYPE_MISMATCH;
      }
      Text text = json.text();
      if (text.hasNulOrLoneSurrogate()) {
        return ValueError.INVALID_STRING;
      }
      out.putField(text.bytes(), text.start(), text.length());
      return null;
    }
  },

  TIMESTAMP(
      "timestamp",
      "seconds since 1970 or an RFC 3339 date-time such as 2026-01-31T12:00:00Z",
      "TIMESTAMPTZ",
      "timestamp with time zone") {
    @Override
    public @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out) {
      boolean string = kind == Kind.STRING;
      if (!string && !kind.isNumber()) {
        return ValueError.TYPE_MISMATCH;
      }
      Text text = json.text();
      long micros =
          string
              ? DateTimes.parseRfc3339(text.bytes(), text.start(), text.length())
              : DateTimes.parseEpochSeconds(text.bytes(), text.start(), text.length());
      if (micros == DateTimes.NONE) {
        return string ? ValueError.INVALID_DATE : ValueError.OUT_OF_RANGE;
      }
      out.putField8(micros);
      return null;
    }
  },

  DATE("date", "a date such as 2026-01-31", "DATE", "date") {
    @Override
    public @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out) {
      if (kind != Kind.STRING) {
        return ValueError.TYPE_MISMATCH;
      }
      Text text = json.text();
      int day = DateTimes.parseDate(text.bytes(), text.start(), text.length());
      if (day == DateTimes.NO_DAY) {
        return ValueError.INVALID_DATE;
      }
      out.putField4(day);
      return null;
    }
  },

  UUID("uuid", "a UUID such as 123e4567-e89b-12d3-a456-426614174000", "UUID", "uuid") {
    @Override
    public @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out) {
      Text text = json.text();
      return kind == Kind.STRING && Uuids.put(text.bytes(), text.start(), text.length(), out)
          ? null
          : ValueError.TYPE_MISMATCH;
    }
  },

  JSON("json", "any JSON", "JSONB", "jsonb") {
    @Override
    public @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out)
        throws MalformedJsonException {
      return Jsonb.encode(kind, json, out);
    }

    /** A btree would reject values of over 2 kB. */
    @Override
    public String indexMethod() {
      return "gin";
    }
  };

  /** The maximum number of digits of a 64-bit integer. */
  private static final int MAX_INTEGER_DIGITS = 19;

  /** The default access method of an index in PostgreSQL. */
  public static final String BTREE = "btree";

  private static final Map<String, ColumnType> BY_NAME = new HashMap<>();

  static {
    for (ColumnType type : values()) {
      BY_NAME.put(type.schemaName, type);
    }
  }

  private final String schemaName;
  private final String accepts;
  private final String sqlName;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<String> sqlTypes;

  /**
   * @param accepts the values that the type accepts, in words
   * @param sqlTypes the types that an existing column can have, as {@code regtype} prints them
   */
  ColumnType(String schemaName, String accepts, String sqlName, String... sqlTypes) {
    this.schemaName = schemaName;
    this.accepts = accepts;
    this.sqlName = sqlName;
    this.sqlTypes = List.of(sqlTypes);
  }

  /** The type with that name in the schema file, or null. */
  public static @Nullable ColumnType named(String schemaName) {
    return BY_NAME.get(schemaName);
  }

  /** The type's name in the schema file. */
  public String schemaName() {
    return schemaName;
  }

  /** The values that the type accepts, in words. */
  public String accepts() {
    return accepts;
  }

  /** The type's name in {@code CREATE TABLE}. */
  public String sqlName() {
    return sqlName;
  }

  /** The types that an existing column can have, as {@code regtype} prints them. */
  public List<String> sqlTypes() {
    return sqlTypes;
  }

  /** The access method of an index with {@code indexed: true}. */
  public String indexMethod() {
    return BTREE;
  }

  /** Whether this type can hold every value of a type, given as {@code regtype} prints it. */
  public boolean holdsAllOf(String sqlType) {
    return switch (this) {
      case I32 -> sqlType.equals("smallint");
      case I64 -> sqlType.equals("smallint") || sqlType.equals("integer");
      case F64 -> sqlType.equals("real");
      default -> false;
    };
  }

  /** Whether PostgreSQL has a BRIN operator class for the type. */
  public boolean supportsBrin() {
    return this != BOOL && this != JSON;
  }

  /**
   * Writes the value that was just read, which is not null, as a field of a COPY row. Of an array
   * or object, only the opening bracket has been read; the method may read more of it.
   *
   * @param kind of the value
   * @return null, or why the value is invalid; the caller must then truncate what was written
   * @throws MalformedJsonException if the rest of an array or object is not JSON
   */
  public abstract @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out)
      throws MalformedJsonException;

  /** The error's code in a response, which is part of the HTTP interface. */
  public String errorCode(ValueError error) {
    return switch (error) {
      case TYPE_MISMATCH -> "type_mismatch";
      case OUT_OF_RANGE -> "out_of_range";
      case INVALID_STRING -> "invalid_string";
      case INVALID_DATE -> "invalid_" + schemaName();
    };
  }

  /** What the column accepts, as a predicate to the column's name. */
  public String explain(ValueError error) {
    return switch (error) {
      case TYPE_MISMATCH, INVALID_DATE -> " must be " + accepts();
      case OUT_OF_RANGE ->
          this == TIMESTAMP
              ? " must be " + accepts() + " up to the year 9999; is this in milliseconds?"
              : " must be " + accepts() + " in the range of " + sqlName();
      case INVALID_STRING -> " must be " + accepts() + " without U+0000 and unpaired surrogates";
    };
  }

  /** Writes an integer of four or eight bytes, whose minimum is {@code min}. */
  private static @Nullable ValueError putInteger(
      Kind kind, JsonReader json, long min, CopyBuffer out) {
    if (kind != Kind.INTEGER) {
      return ValueError.TYPE_MISMATCH;
    }
    byte[] text = json.text().bytes();
    int at = json.text().start();
    int end = at + json.text().length();
    boolean negative = text[at] == '-';
    if (negative) {
      at++;
    }
    if (end - at > MAX_INTEGER_DIGITS) { // none of them is a leading zero
      return ValueError.OUT_OF_RANGE;
    }
    // The sum is negative, as the negative range is larger by one. An overflow makes it positive.
    long sum = 0;
    for (; at < end; at++) {
      sum = sum * 10 - (text[at] - '0');
    }
    if (sum > 0 || sum < (negative ? min : min + 1)) {
      return ValueError.OUT_OF_RANGE;
    }
    long value = negative ? sum : -sum;
    if (min == Integer.MIN_VALUE) {
      out.putField4((int) value);
    } else {
      out.putField8(value);
    }
    return null;
  }
}
