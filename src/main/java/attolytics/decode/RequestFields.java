package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.DateTimes;
import attolytics.encoding.Inet;
import attolytics.schema.Column;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The fields that the current request fills, and not its events: each is encoded once, when a row
 * first has it, for all tables. Nothing of them is kept for the next request: clients without the
 * secret key decide how long they are. Not thread-safe.
 */
final class RequestFields {
  private static final Headers NO_HEADERS = name -> null;
  private static final byte[] NULL = {-1, -1, -1, -1};

  private Headers request = NO_HEADERS;
  private String app = "";
  private final Map<String, byte[]> headers = new HashMap<>();
  private byte @Nullable [] receivedAt;
  private byte @Nullable [] address;
  private byte @Nullable [] appId;

  void begin(String ofApp, Headers from) {
    app = ofApp;
    request = from;
  }

  /** Forgets the request. */
  void end() {
    request = NO_HEADERS;
    headers.clear();
    receivedAt = null;
    address = null;
    appId = null;
  }

  /** Whether a column of the request is NULL. */
  boolean isNull(Column column) {
    return column.defaultValue() == null && field(column) == NULL;
  }

  /** Writes the field of a column of the request. */
  void put(Column column, CopyBuffer rows) {
    byte[] field = field(column);
    if (field == NULL && column.defaultValue() != null) {
      column.defaultValue().put(rows);
    } else {
      rows.put(field, 0, field.length);
    }
  }

  private byte[] field(Column column) {
    if (column.header() != null) {
      return header(column.header());
    }
    return switch (Objects.requireNonNull(column.source())) {
      case RECEIVED_AT -> receivedAt();
      case CLIENT_IP ->
          column.type().is(ScalarType.STRING) ? header(Quarantine.CLIENT_IP) : address();
      case APP_ID -> appId();
    };
  }

  private byte[] header(String name) {
    byte[] field = headers.get(name);
    if (field == null) {
      String value = request.first(name);
      field = value == null ? NULL : field(Headers.utf8(value));
      headers.put(name, field);
    }
    return field;
  }

  private byte[] receivedAt() {
    if (receivedAt == null) {
      CopyBuffer out = new CopyBuffer(Integer.BYTES + Long.BYTES, Integer.MAX_VALUE);
      out.putField8(DateTimes.postgresMicros(request.receivedAt()));
      receivedAt = bytes(out);
    }
    return receivedAt;
  }

  private byte[] address() {
    if (address == null) {
      String text = request.first(Quarantine.CLIENT_IP);
      byte[] bytes = text == null ? new byte[0] : text.getBytes(StandardCharsets.US_ASCII);
      CopyBuffer out = new CopyBuffer(0, Integer.MAX_VALUE);
      address = Inet.put(bytes, 0, bytes.length, out) ? bytes(out) : NULL;
    }
    return address;
  }

  private byte[] appId() {
    if (appId == null) {
      appId = field(app.getBytes(StandardCharsets.UTF_8));
    }
    return appId;
  }

  private static byte[] field(byte[] value) {
    CopyBuffer out = new CopyBuffer(Integer.BYTES + value.length, Integer.MAX_VALUE);
    out.putField(value, 0, value.length);
    return bytes(out);
  }

  private static byte[] bytes(CopyBuffer out) {
    return Arrays.copyOf(out.array(), out.size());
  }
}
