package attolytics.decode;

import attolytics.encoding.CopyBuffer;
import attolytics.encoding.DateTimes;
import attolytics.encoding.Inet;
import attolytics.schema.App;
import attolytics.schema.Column;
import attolytics.schema.Quarantine;
import attolytics.schema.ScalarType;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The columns of a table that the request fills, encoded once per request. */
final class RequestFields {
  private final Column[] columns;
  private final CopyBuffer[] fields;
  private final byte[] app;

  /**
   * @param columns all of the table's
   */
  RequestFields(App app, Column[] columns) {
    this.columns = columns;
    this.app = app.id().getBytes(StandardCharsets.UTF_8);
    fields = new CopyBuffer[columns.length];
    for (int i = 0; i < columns.length; i++) {
      fields[i] = new CopyBuffer(0, Integer.MAX_VALUE);
    }
  }

  /** Encodes the fields of a request. */
  void encode(Headers request) {
    for (Column column : columns) {
      if (column.isFromRequest()) {
        encode(column, request, fields[column.ordinal()]);
      }
    }
  }

  private void encode(Column column, Headers request, CopyBuffer field) {
    field.truncate(0);
    if (column.header() != null) {
      putHeader(request.first(column.header()), field);
    } else if (column.source() != null) {
      switch (column.source()) {
        case RECEIVED_AT -> field.putField8(DateTimes.postgresMicros(request.receivedAt()));
        case CLIENT_IP -> putAddress(column, request.first(Quarantine.CLIENT_IP), field);
        case APP_ID -> field.putField(app, 0, app.length);
      }
    }
    if (field.array()[0] < 0 && column.defaultValue() != null) {
      field.truncate(0);
      column.defaultValue().put(field);
    }
  }

  private static void putHeader(@Nullable String value, CopyBuffer field) {
    if (value == null) {
      field.putNull();
      return;
    }
    byte[] bytes = Headers.utf8(value);
    field.putField(bytes, 0, bytes.length);
  }

  private static void putAddress(Column column, @Nullable String address, CopyBuffer field) {
    if (address == null) {
      field.putNull();
      return;
    }
    byte[] bytes = address.getBytes(StandardCharsets.US_ASCII);
    if (column.type().is(ScalarType.STRING)) {
      field.putField(bytes, 0, bytes.length);
    } else if (!Inet.put(bytes, 0, bytes.length, field)) {
      field.truncate(0);
      field.putNull();
    }
  }

  /** Whether a column of the request is NULL. */
  boolean isNull(int ordinal) {
    return fields[ordinal].array()[0] < 0;
  }

  /** Writes the field of a column of the request. */
  void put(int ordinal, CopyBuffer rows) {
    rows.put(fields[ordinal].array(), 0, fields[ordinal].size());
  }
}
