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
 * The types of columns. Each says here, in one place, which JSON it takes, which bytes of a binary
 * COPY that becomes, and which type it has in PostgreSQL. A new type is a new constant.
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
      // Straight from the digits: by way of a double, a value could be rounded twice.
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

    /** The other method would refuse rows with values of over 2 kB. */
    @Override
    public String indexMethod() {
      return "gin";
    }
  };

  /** Of 64 bits. */
  private static final int MAX_INTEGER_DIGITS = 19;

  /** The usual access method of an index. */
  public static final String BTREE = "btree";

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
   * PostgreSQL's name of the access method that an index of this type has unless told otherwise.
   */
  public String indexMethod() {
    return BTREE;
  }

  /** Whether every value of that type of PostgreSQL's, as {@code regtype} prints it, fits this. */
  public boolean holdsAllOf(String sqlType) {
    return switch (this) {
      case I32 -> sqlType.equals("smallint");
      case I64 -> sqlType.equals("smallint") || sqlType.equals("integer");
      case F64 -> sqlType.equals("real");
      default -> false;
    };
  }

  /** Whether PostgreSQL's BRIN can be told which of two values is the lesser. */
  public boolean takesBrin() {
    return this != BOOL && this != JSON;
  }

  /**
   * Writes the value that was just read, which is not null, as one field of a COPY row. An array or
   * object may be read on, to its end at most.
   *
   * @param kind the value's
   * @return null, or why the value does not fit; what was written is undefined then and has to be
   *     truncated
   * @throws MalformedJsonException if reading on finds no JSON
   */
  public abstract @Nullable ValueError encode(Kind kind, JsonReader json, CopyBuffer out)
      throws MalformedJsonException;

  /** Writes an integer of four or eight bytes, whose least value is {@code min}. */
  /** The code of a value's error in an answer: it is part of the HTTP interface. */
  public String errorCode(ValueError error) {
    return switch (error) {
      case TYPE_MISMATCH -> "type_mismatch";
      case OUT_OF_RANGE -> "out_of_range";
      case INVALID_STRING -> "invalid_string";
      case INVALID_DATE -> "invalid_" + schemaName();
    };
  }

  /** What the column would have taken, as the end of a sentence that begins with its name. */
  public String explain(ValueError error) {
    return switch (error) {
      case TYPE_MISMATCH, INVALID_DATE -> " takes " + takes();
      case OUT_OF_RANGE ->
          this == TIMESTAMP
              ? " takes " + takes() + " up to the year 9999; is this in milliseconds?"
              : " takes " + takes() + " in the range of " + sqlName();
      case INVALID_STRING -> " takes " + takes() + " without U+0000 and unpaired surrogates";
    };
  }

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
    // Summed up below zero, where there is one value more than above. An overflow ends above zero.
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
