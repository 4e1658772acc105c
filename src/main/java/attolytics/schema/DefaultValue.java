package attolytics.schema;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.JsonReader;
import attolytics.encoding.ValueError;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The default of a column: encoded, and as SQL. Immutable. */
public final class DefaultValue {
  private static final LocalDate FIRST_DAY = LocalDate.of(2000, 1, 1);
  private static final Instant EPOCH = Instant.parse("2000-01-01T00:00:00Z");
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("yyyy-MM-dd GG", Locale.ENGLISH);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS'+00' GG", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private final String json;
  private final byte[] field;
  private final String sql;

  private DefaultValue(String json, byte[] field, String sql) {
    this.json = json;
    this.field = field;
    this.sql = sql;
  }

  /**
   * The default that a JSON value stands for, as in an event.
   *
   * @throws IllegalArgumentException if it is not valid for the type; the message is a predicate
   */
  public static DefaultValue of(ColumnType type, String json) {
    CopyBuffer out = new CopyBuffer(64, Integer.MAX_VALUE);
    ValueError error;
    String sql = "";
    try {
      error = encode(type, json, out);
      if (error == null) {
        sql = "'" + text(type, json).replace("'", "''") + "'";
      }
    } catch (JsonProcessingException e) {
      error = ValueError.TYPE_MISMATCH;
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
    if (error != null) {
      throw new IllegalArgumentException(type.explain(error).strip());
    }
    boolean isEscaped = sql.contains("\\");
    return new DefaultValue(
        json,
        Arrays.copyOf(out.array(), out.size()),
        isEscaped ? "E" + sql.replace("\\", "\\\\") : sql);
  }

  /** A reader at the first token. */
  private static JsonReader reader(String json) throws IOException {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    JsonReader reader = new JsonReader();
    reader.open(bytes, 0, bytes.length);
    reader.nextToken();
    return reader;
  }

  private static @Nullable ValueError encode(ColumnType type, String json, CopyBuffer out)
      throws IOException {
    try (JsonReader reader = reader(json)) {
      ValueError error = type.encode(reader, out);
      if (error == null) {
        reader.skipTo(0);
        reader.readEnd();
      }
      return error;
    }
  }

  private static String text(ColumnType type, String json) throws IOException {
    try (JsonReader reader = reader(json)) {
      return reader.token() == JsonToken.START_ARRAY
          ? arrayText(type.scalar(), reader)
          : scalarText(type, reader);
    }
  }

  private static String arrayText(ScalarType type, JsonReader json) throws IOException {
    List<String> elements = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      elements.add(
          json.token() == JsonToken.VALUE_NULL
              ? "NULL"
              : '"' + scalarText(type, json).replace("\\", "\\\\").replace("\"", "\\\"") + '"');
    }
    return "{" + String.join(",", elements) + "}";
  }

  private static String scalarText(ColumnType type, JsonReader json) throws IOException {
    CopyBuffer out = new CopyBuffer(64, Integer.MAX_VALUE);
    if (type.is(ScalarType.TIMESTAMP)) {
      type.encode(json, out);
      long micros = CopyBuffer.fieldInteger(out.array(), 0);
      return TIME.format(EPOCH.plus(micros, ChronoUnit.MICROS));
    }
    if (type.is(ScalarType.DATE)) {
      type.encode(json, out);
      return DAY.format(FIRST_DAY.plusDays(CopyBuffer.fieldInteger(out.array(), 0)));
    }
    return json.text().toString();
  }

  /** Writes the field. */
  public void put(CopyBuffer out) {
    out.put(field, 0, field.length);
  }

  /** As a JSON value. */
  public String json() {
    return json;
  }

  /** As a literal of SQL, without a type. */
  public String sql() {
    return sql;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DefaultValue that && json.equals(that.json);
  }

  @Override
  public int hashCode() {
    return json.hashCode();
  }

  @Override
  public String toString() {
    return json;
  }
}
