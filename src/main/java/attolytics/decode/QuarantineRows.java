package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.DateTimes;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.Quarantine;
import attolytics.schema.Source;
import attolytics.schema.Table;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Encodes the rows of {@link Quarantine#TABLE} for the events of one request. */
final class QuarantineRows {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int JSONB_VERSION = 1;

  private final String app;
  private final Arrival arrival;
  private final @Nullable String headers;

  QuarantineRows(App app, Arrival arrival, Headers headers) {
    this.app = app.id();
    this.arrival = arrival;
    this.headers = taken(app, headers);
  }

  /** Writes a row. The caller ends it. */
  void write(
      CopyBuffer rows,
      EventError error,
      @Nullable String table,
      byte[] body,
      int eventStart,
      int eventLength) {
    rows.putShort(Quarantine.TABLE.columns().size());
    rows.putField8(DateTimes.postgresMicros(arrival.receivedAt()));
    putText(rows, app);
    putText(rows, table);
    putText(rows, error.code());
    putText(rows, error.pointerInEvent());
    putText(rows, error.detail());
    rows.putField(body, eventStart, eventLength);
    putHeaders(rows);
    putText(rows, arrival.idempotencyKey());
  }

  private void putHeaders(CopyBuffer rows) {
    if (headers == null) {
      rows.putNull();
    } else {
      byte[] text = headers.getBytes(StandardCharsets.UTF_8);
      rows.putInt(1 + text.length);
      rows.putByte(JSONB_VERSION);
      rows.put(text, 0, text.length);
    }
  }

  /** U+0000 and lone surrogates, which PostgreSQL cannot store, become replacement characters. */
  private static void putText(CopyBuffer rows, @Nullable String text) {
    if (text == null) {
      rows.putNull();
    } else {
      byte[] bytes = text.replace('\0', '\uFFFD').getBytes(StandardCharsets.UTF_8);
      rows.putField(bytes, 0, bytes.length);
    }
  }

  /** The headers that the app's tables take, as a JSON object; null if the request has none. */
  private static @Nullable String taken(App app, Headers headers) {
    TreeSet<String> names = new TreeSet<>();
    for (Table table : app.tables()) {
      for (Column column : table.columns()) {
        String name = column.source() == Source.CLIENT_IP ? Quarantine.CLIENT_IP : column.header();
        if (name != null && headers.first(name) != null) {
          names.add(name.toLowerCase(Locale.ROOT));
        }
      }
    }
    return names.isEmpty() ? null : json(names, headers);
  }

  private static String json(Set<String> names, Headers headers) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      for (String name : names) {
        String value = headers.first(name);
        if (value != null) {
          json.writeStringField(name, Headers.text(value));
        }
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return text.toString();
  }
}
