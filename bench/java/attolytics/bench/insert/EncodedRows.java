package attolytics.bench.insert;

import attolytics.buffer.Batch;
import attolytics.schema.Column;
import attolytics.schema.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads back what the service has encoded for COPY, for those that write it otherwise. */
final class EncodedRows {
  private static final Instant EPOCH = Instant.parse("2000-01-01T00:00:00Z");

  private EncodedRows() {}

  /** The values of all rows, which have to be the table's, in the order of its columns. */
  static List<@Nullable Object[]> decode(Table table, Batch batch) {
    ByteBuffer bytes = ByteBuffer.wrap(batch.rows().array(), 0, batch.byteCount());
    List<@Nullable Object[]> rows = new ArrayList<>(batch.rowCount());
    while (bytes.hasRemaining()) {
      @Nullable Object[] row = new Object[bytes.getShort()];
      for (int i = 0; i < row.length; i++) {
        row[i] = value(table.columns().get(i), bytes);
      }
      rows.add(row);
    }
    return rows;
  }

  private static @Nullable Object value(Column column, ByteBuffer bytes) {
    int length = bytes.getInt();
    if (length < 0) {
      return null;
    }
    return switch (column.type().scalar()) {
      case I32 -> bytes.getInt();
      case TIMESTAMP -> time(bytes.getLong());
      case STRING -> text(bytes, length);
      default -> throw new IllegalArgumentException("no column of the example's: " + column);
    };
  }

  private static OffsetDateTime time(long micros) {
    return OffsetDateTime.ofInstant(EPOCH.plus(micros, ChronoUnit.MICROS), ZoneOffset.UTC);
  }

  private static String text(ByteBuffer bytes, int length) {
    byte[] text = new byte[length];
    bytes.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }
}
