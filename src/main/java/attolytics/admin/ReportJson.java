package attolytics.admin;

import static java.time.temporal.ChronoUnit.SECONDS;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a report as JSON: objects, arrays and the values in them. */
final class ReportJson implements AutoCloseable {
  /** The content of an object or an array. */
  interface Content {
    void write() throws IOException;
  }

  /** The content of an object for an item. */
  interface ItemContent<T> {
    void write(T item) throws IOException;
  }

  private static final JsonFactory JSON = new JsonFactory();

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final JsonGenerator json = JSON.createGenerator(bytes);

  /** Begins the object that is the report. */
  ReportJson() throws IOException {
    json.writeStartObject();
  }

  void object(String name, Content content) throws IOException {
    json.writeObjectFieldStart(name);
    content.write();
    json.writeEndObject();
  }

  /** An array of objects. */
  <T> void objects(String name, List<T> items, ItemContent<T> content) throws IOException {
    json.writeArrayFieldStart(name);
    for (T item : items) {
      json.writeStartObject();
      content.write(item);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  void flag(String name, boolean value) throws IOException {
    json.writeBooleanField(name, value);
  }

  /** A text, or null. */
  void text(String name, @Nullable String value) throws IOException {
    json.writeStringField(name, value);
  }

  /** A time to the second, or null. */
  void time(String name, @Nullable Instant value) throws IOException {
    json.writeStringField(name, value == null ? null : value.truncatedTo(SECONDS).toString());
  }

  /** A number: an integer without a fraction, NaN as null. */
  void number(String name, double value) throws IOException {
    json.writeFieldName(name);
    number(value);
  }

  /** A number, or null. */
  void count(String name, @Nullable Long value) throws IOException {
    json.writeFieldName(name);
    if (value == null) {
      json.writeNull();
    } else {
      json.writeNumber(value);
    }
  }

  /** An object of numbers. */
  void numbers(String name, Map<String, Double> values) throws IOException {
    json.writeObjectFieldStart(name);
    for (Map.Entry<String, Double> value : values.entrySet()) {
      number(value.getKey(), value.getValue());
    }
    json.writeEndObject();
  }

  /** An array of numbers. */
  void numbers(String name, double[] values) throws IOException {
    json.writeArrayFieldStart(name);
    for (double value : values) {
      number(value);
    }
    json.writeEndArray();
  }

  private void number(double value) throws IOException {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      json.writeNull();
    } else if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      json.writeNumber((long) value);
    } else {
      json.writeNumber(value);
    }
  }

  /** Ends the report, and returns it in UTF-8. */
  byte[] end() throws IOException {
    json.writeEndObject();
    json.flush();
    return bytes.toByteArray();
  }

  @Override
  public void close() throws IOException {
    json.close();
  }
}
