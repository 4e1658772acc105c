package attolytics.schema;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.DateTimes;
import attolytics.encoding.Inet;
import attolytics.encoding.Integers;
import attolytics.encoding.JsonReader;
import attolytics.encoding.Jsonb;
import attolytics.encoding.Numeric;
import attolytics.encoding.Text;
import attolytics.encoding.Uuids;
import attolytics.encoding.ValueError;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The scalar types of columns. To add a type, add a constant; arrays of it need no more than its
 * OID.
 */
public enum ScalarType implements ColumnType {
  BOOL("bool", "true or false", "BOOL", 16, "boolean") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      if (!json.token().isBoolean()) {
        return ValueError.TYPE_MISMATCH;
      }
      out.putField1(json.token() == JsonToken.VALUE_TRUE ? 1 : 0);
      return null;
    }
  },

  I32("i32", "an integer", "INT4", 23, "integer") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      return Integers.encode(json, Integer.MIN_VALUE, out);
    }
  },

  I64("i64", "an integer", "INT8", 20, "bigint") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      return Integers.encode(json, Long.MIN_VALUE, out);
    }
  },

  F32("f32", "a number", "FLOAT4", 700, "real") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      if (!json.token().isNumeric()) {
        return ValueError.TYPE_MISMATCH;
      }
      // Not by way of a double, which would round twice.
      float value = json.floatValue();
      if (Float.isInfinite(value)) {
        return ValueError.OUT_OF_RANGE;
      }
      out.putField4(Float.floatToRawIntBits(value));
      return null;
    }
  },

  F64("f64", "a number", "FLOAT8", 701, "double precision") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      if (!json.token().isNumeric()) {
        return ValueError.TYPE_MISMATCH;
      }
      double value = json.doubleValue();
      if (Double.isInfinite(value)) {
        return ValueError.OUT_OF_RANGE;
      }
      out.putField8(Double.doubleToRawLongBits(value));
      return null;
    }
  },

  STRING("string", "a string", "VARCHAR", 1043, "character varying", "text") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      return json.token() == JsonToken.VALUE_STRING
          ? StringType.encode(json.text(), out)
          : ValueError.TYPE_MISMATCH;
    }
  },

  TIMESTAMP("timestamp", EpochUnit.S.accepts(), "TIMESTAMPTZ", 1184, "timestamp with time zone") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      return TimestampType.encode(json, EpochUnit.S, out);
    }

    @Override
    public String explain(ValueError error) {
      return error == ValueError.OUT_OF_RANGE
          ? TimestampType.explainRange(EpochUnit.S)
          : super.explain(error);
    }
  },

  DATE("date", "a date such as 2026-01-31", "DATE", 1082, "date") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      if (json.token() != JsonToken.VALUE_STRING) {
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

  UUID("uuid", "a UUID such as 123e4567-e89b-12d3-a456-426614174000", "UUID", 2950, "uuid") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      if (json.token() != JsonToken.VALUE_STRING) {
        return ValueError.TYPE_MISMATCH;
      }
      Text text = json.text();
      return Uuids.put(text.bytes(), text.start(), text.length(), out)
          ? null
          : ValueError.TYPE_MISMATCH;
    }
  },

  NUMERIC("numeric", "a number or a string that contains one", "NUMERIC", 1700, "numeric") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      return Numeric.encode(json, out);
    }
  },

  INET("inet", "an IP address such as 192.0.2.1 or 2001:db8::/32", "INET", 869, "inet") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      if (json.token() != JsonToken.VALUE_STRING) {
        return ValueError.TYPE_MISMATCH;
      }
      Text text = json.text();
      return Inet.put(text.bytes(), text.start(), text.length(), out)
          ? null
          : ValueError.INVALID_ADDRESS;
    }
  },

  JSON("json", "any JSON", "JSONB", 3802, "jsonb") {
    @Override
    public @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException {
      return Jsonb.encode(json, out);
    }

    /** A btree would reject values of over 2 kB. */
    @Override
    public String indexMethod() {
      return "gin";
    }
  };

  /** The default access method of an index in PostgreSQL. */
  public static final String BTREE = "btree";

  private static final List<String> INTEGERS = List.of("smallint", "integer", "bigint");

  private static final Map<String, ScalarType> BY_NAME = new HashMap<>();

  static {
    for (ScalarType type : values()) {
      BY_NAME.put(type.schemaName, type);
    }
  }

  private final String schemaName;
  private final String accepts;
  private final String sqlName;
  private final int oid;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<String> sqlTypes;

  /**
   * @param accepts the values that the type accepts, in words
   * @param oid of the type in {@code pg_type}
   * @param sqlTypes the types that an existing column can have, as {@code regtype} prints them
   */
  ScalarType(String schemaName, String accepts, String sqlName, int oid, String... sqlTypes) {
    this.schemaName = schemaName;
    this.accepts = accepts;
    this.sqlName = sqlName;
    this.oid = oid;
    this.sqlTypes = List.of(sqlTypes);
  }

  /** The type with that name in the schema file, or null. */
  static @Nullable ScalarType named(String schemaName) {
    return BY_NAME.get(schemaName);
  }

  @Override
  public ScalarType scalar() {
    return this;
  }

  @Override
  public String schemaName() {
    return schemaName;
  }

  @Override
  public String accepts() {
    return accepts;
  }

  @Override
  public String sqlName() {
    return sqlName;
  }

  @Override
  public List<String> sqlTypes() {
    return sqlTypes;
  }

  /** Of the type that is created, in {@code pg_type}. */
  int oid() {
    return oid;
  }

  @Override
  public String indexMethod() {
    return BTREE;
  }

  @Override
  public boolean supportsBrin() {
    return this != BOOL && this != JSON;
  }

  @Override
  public boolean holdsAllOf(String sqlType) {
    return switch (this) {
      case I32 -> sqlType.equals("smallint");
      case I64 -> sqlType.equals("smallint") || sqlType.equals("integer");
      case NUMERIC -> INTEGERS.contains(sqlType);
      case F64 -> sqlType.equals("real");
      default -> false;
    };
  }

  // Overridden by each constant.
  @Override
  public abstract @Nullable ValueError encode(JsonReader json, CopyBuffer out) throws IOException;
}
