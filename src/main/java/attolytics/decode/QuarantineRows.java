package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.DateTimes;
import attolytics.schema.App;
import attolytics.schema.Quarantine;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Encodes the rows of {@link Quarantine#TABLE} for the events of one request. */
final class QuarantineRows {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int JSONB_VERSION = 1;

  private final App app;
  private final Arrival arrival;
  private @Nullable Headers request; // until its headers are taken
  private byte @Nullable [] headers;

  QuarantineRows(App app, Arrival arrival, Headers request) {
    this.app = app;
    this.arrival = arrival;
    this.request = request;
  }

  /**
   * Takes from the request what is kept of its headers: at the first event that needs it, as a
   * client without the secret key should not have this done; but before a writer may add a row,
   * because the address of a client cannot be had once its connection is closed.
   *
   * @return the bytes of heap that it takes
   */
  int takeHeaders() {
    if (request != null) {
      headers = json(app.headers(), request);
      request = null;
    }
    return headers == null ? 0 : headers.length;
  }

  /** Writes a row. The caller ends it. */
  void write(
      CopyBuffer rows,
      EventError error,
      @Nullable String table,
      byte[] body,
      int eventStart,
      int eventLength) {
    takeHeaders();
    rows.putShort(Quarantine.TABLE.columns().size());
    rows.putField8(DateTimes.postgresMicros(arrival.receivedAt()));
    putText(rows, app.id());
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
      rows.putInt(1 + headers.length);
      rows.putByte(JSONB_VERSION);
      rows.put(headers, 0, headers.length);
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
  private static byte @Nullable [] json(List<String> names, Headers headers) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    boolean any = false;
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      for (String name : names) {
        String value = headers.first(name);
        if (value != null) {
          json.writeStringField(name, Headers.text(value));
          any = true;
        }
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return any ? text.toByteArray() : null;
  }
}
